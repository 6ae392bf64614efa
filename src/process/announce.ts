import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Services } from '../services.ts';
import type { OpsToken } from './ops-token.ts';

export interface Running {
  readonly version: string;
  readonly port: number;
  readonly config: Config;
  readonly services: Services;
  readonly ops: OpsToken;
  /** Warnings. */
  readonly notices: readonly string[];
}

/** Prints what runs and how to try it: several lines in a terminal, one line in a log. */
export function announce(log: Logger, { version, port, config, services, ops, notices }: Running): void {
  const shownHost = ['0.0.0.0', '::'].includes(config.host) ? 'localhost' : config.host;
  const url = `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${port}`;
  const isPage = process.stdout.isTTY && config.log.format !== 'json';
  const lines = [
    ['Listening', `${url} (${config.host}, ${config.workers} process${config.workers > 1 ? 'es' : ''})`],
    ['Store', services.describe.store],
    ['Strategy', services.describe.strategy],
    ['Local model', services.describe.local],
    ...(config.llm ? [['Descriptions', `${config.prompt.language} (DESCRIPTION_LANGUAGE)`] as const] : []),
    ['API', `${url}/docs`],
    ['Ops page', opsPage(`${url}/ops`, ops, isPage)],
    ['Try it', `${url} in a browser, or curl -F image=@docs/samples/cat.jpg ${url}/api/v1/classify`],
    ...notices.map((notice) => ['Attention', notice] as const),
  ] as const;
  if (isPage) {
    const page = lines.map(([name, value]) => `  ${name.padEnd(12)} ${value}`).join('\n');
    process.stdout.write(`\nalbum-classifier ${version}\n\n${page}\n\n`);
    return;
  }
  log.info(`album-classifier ${version}: ${lines.map(([name, value]) => `${name}: ${value}`).join('; ')}`);
}

/**
 * The address of the page, and how to sign in. The link holds the token behind a `#`, which a browser does not send.
 * Only a terminal shows it, because others can read logs.
 */
function opsPage(url: string, { rule, file }: OpsToken, isPage: boolean): string {
  if (rule.kind === 'closed') return `${url} is closed: set OPS_TOKEN`;
  if (rule.kind === 'loopback') return `${url} (from this machine)`;
  if (file === undefined) return `${url} (asks for OPS_TOKEN)`;
  const isOneToken = /^[\w-]+$/.test(rule.tokens);
  return isPage && isOneToken
    ? `${url}#token=${rule.tokens} (token from ${file})`
    : `${url} (asks for the token in ${file})`;
}
