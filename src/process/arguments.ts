import { parseArgs } from 'node:util';
import { nearestOf } from '../config/nearest.ts';
import { type Environment, settingNames } from '../config.ts';
import { inLanguage, type Language, type Text, text } from '../messages/text.ts';

export class ArgumentError extends Error {
  readonly text: Text;

  constructor(message: Text) {
    super(inLanguage('en', message));
    this.text = message;
  }
}

/** Arguments of the start and their settings. */
const settings: Readonly<Record<string, string>> = { port: 'APP_PORT', host: 'APP_HOST' };
const known = [...Object.keys(settings), 'lang', 'help', 'version'];

export const usage: Readonly<Record<Language, string>> = {
  en: `Usage: npm start -- [--port NUMBER] [--host ADDRESS] [--lang en|zh]

  --port NUMBER    port to listen on (APP_PORT; 8000)
  --host ADDRESS   address to listen on (APP_HOST; 0.0.0.0)
  --lang en|zh     language of what the start prints in a terminal (default: from LANG)
  --version        print the version
  --help           print this

Everything else is set by environment variables or a .env file: see docs/configuration.md.
`,
  zh: `用法：npm start -- [--port NUMBER] [--host ADDRESS] [--lang en|zh]

  --port NUMBER    监听端口（APP_PORT；8000）
  --host ADDRESS   监听地址（APP_HOST；0.0.0.0）
  --lang en|zh     启动时在终端显示的语言（默认取自 LANG）
  --version        显示版本
  --help           显示本文

其他设置来自环境变量或 .env 文件：见 docs/configuration.md。
`,
};

/**
 * Settings from the command line; they override the environment.
 * @throws ArgumentError with the most similar argument, if there is one
 */
export function argumentsFrom(args: readonly string[]): Environment | 'help' | 'version' {
  const { tokens } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, host: { type: 'string' }, lang: { type: 'string' } },
    strict: false,
    tokens: true,
  });
  const found: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') throw new ArgumentError(strayed(token.value));
    if (token.name === 'help' || token.name === 'h') return 'help';
    if (token.name === 'version') return 'version';
    const setting = settings[token.name];
    if (token.name === 'lang') {
      if (token.value !== 'en' && token.value !== 'zh')
        throw new ArgumentError({ sentence: '--lang must be en or zh' });
      continue;
    }
    if (setting === undefined) throw new ArgumentError(unknown(token.rawName, token.name));
    if (token.value === undefined || token.value === '')
      throw new ArgumentError(
        text('{argument} takes a value, as in {example}.', {
          ...{ argument: token.rawName, example: `${token.rawName} ${examples[token.name]}` },
        }),
      );
    found[setting] = token.value;
  }
  return found;
}

const examples: Readonly<Record<string, string>> = { port: '3000', host: '127.0.0.1' };

/** npm consumes an option before `--` and passes its value on. */
function strayed(value: string): Text {
  const argument = JSON.stringify(value);
  return /^\d+$/.test(value)
    ? text('The start takes no argument {argument}. For a port: npm start -- --port {port}', {
        ...{ argument, port: value },
      })
    : text('The start takes no argument {argument}.', { argument });
}

function unknown(argument: string, name: string): Text {
  const setting = nearestOf(name, settingNames);
  const nearest = nearestOf(name, known) ?? Object.keys(settings).find((one) => settings[one] === setting);
  if (nearest !== undefined)
    return text('There is no argument {argument}; did you mean {nearest}?', {
      ...{ argument, nearest: `--${nearest}` },
    });
  if (setting !== undefined)
    return text('There is no argument {argument}; set the environment variable {setting} instead.', {
      ...{ argument, setting },
    });
  return text('There is no argument {argument}; there are {known}.', {
    ...{ argument, known: known.map((one) => `--${one}`).join(', ') },
  });
}
