import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { padded } from '../messages/columns.ts';
import { type Language, type Message, sayIn, type Text, text } from '../messages/text.ts';
import type { Services } from '../services.ts';
import type { OpsToken } from './ops-token.ts';

export interface Running {
  readonly version: string;
  readonly port: number;
  readonly config: Config;
  readonly services: Services;
  readonly ops: OpsToken;
  /** Warnings; the log has them already. */
  readonly notices: readonly Text[];
  /** Of the lines in a terminal; the log is in English. */
  readonly language: Language;
}

/** Prints what runs and how to try it: several lines in a terminal, one line in a log. */
export function announce(log: Logger, running: Running): void {
  const { version, port, config, services, ops, notices } = running;
  const shownHost = ['0.0.0.0', '::'].includes(config.host) ? 'localhost' : config.host;
  const url = `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${port}`;
  const isPage = process.stdout.isTTY && config.log.format !== 'json';
  const say = sayIn(isPage ? running.language : 'en');
  const command = `curl -F image=@docs/samples/cat.jpg ${url}/api/v1/classify`;
  const { host, workers: count } = config;
  const lines = [
    [say('Listening'), say('{url} ({host}, {count} {count|process|processes})', { url, host, count })],
    [say('Store'), say(services.describe.store)],
    [say('Strategy'), services.describe.strategy],
    [say('Local model'), say(localModel(services))],
    [say('Descriptions'), `${config.prompt.language} (DESCRIPTION_LANGUAGE)`],
    [say('API'), `${url}/docs`],
    [say('Ops page'), say(opsPage(`${url}/ops`, ops, isPage))],
    [say('Try it'), say('{url} in a browser, or {command}', { url, command })],
    ...notices.map((notice) => [say('Attention'), say(notice)] as const),
  ] as const;
  if (isPage) {
    const page = lines.map(([name, value]) => `  ${padded(name, 12)} ${value}`).join('\n');
    process.stdout.write(`\nalbum-classifier ${version}\n\n${page}\n\n`);
    return;
  }
  log.info(`album-classifier ${version}: ${lines.map(([name, value]) => `${name}: ${value}`).join('; ')}`);
}

function localModel({ describe: { local, children: count } }: Services): Message {
  if (local === undefined) return 'none';
  return text('{model} in {count} {count|process|processes}', { model: local, count });
}

/**
 * The address of the page, and how to sign in. The link holds the token behind a `#`, which a browser does not send.
 * Only a terminal shows it, because others can read logs.
 */
function opsPage(url: string, { rule, file }: OpsToken, isPage: boolean): Text {
  if (rule.kind === 'closed') return text('{url} is closed: set OPS_TOKEN', { url });
  if (rule.kind === 'loopback') return text('{url} (from this machine)', { url });
  if (file === undefined) return text('{url} (asks for OPS_TOKEN)', { url });
  const isOneToken = /^[\w-]+$/.test(rule.tokens);
  return isPage && isOneToken
    ? text('{url}#token={token} (token from {file})', { url, token: rule.tokens, file })
    : text('{url} (asks for the token in {file})', { url, file });
}
