import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Services } from '../services.ts';

/** Says what runs, and how to try it: a page in a terminal, one line in a log. */
export function announce(
  log: Logger,
  {
    version,
    port,
    config,
    services,
    notices,
  }: {
    version: string;
    port: number;
    config: Config;
    services: Services;
    /** What needs attention. */
    notices: readonly string[];
  },
): void {
  const shownHost = ['0.0.0.0', '::'].includes(config.host) ? 'localhost' : config.host;
  const url = `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${port}`;
  const lines = [
    ['Listening', `${url} (${config.host}, ${config.workers} process${config.workers > 1 ? 'es' : ''})`],
    ['Store', services.describe.store],
    ['Strategy', services.describe.strategy],
    ['Local model', services.describe.local],
    ['API', `${url}/docs`],
    ['Try it', `curl -F image=@docs/samples/cat.jpg ${url}/api/v1/classify`],
    ...notices.map((notice) => ['Attention', notice] as const),
  ] as const;
  if (process.stdout.isTTY && config.log.format !== 'json') {
    const page = lines.map(([name, value]) => `  ${name.padEnd(12)} ${value}`).join('\n');
    process.stdout.write(`\nalbum-classifier ${version}\n\n${page}\n\n`);
    return;
  }
  log.info(`album-classifier ${version}: ${lines.map(([name, value]) => `${name}: ${value}`).join('; ')}`);
}
