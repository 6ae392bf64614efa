import { parseArgs } from 'node:util';
import { nearestOf } from '../config/nearest.ts';
import { type Environment, settingNames } from '../config.ts';

export class ArgumentError extends Error {}

/** Arguments of the start and their settings. */
const settings: Readonly<Record<string, string>> = { port: 'APP_PORT', host: 'APP_HOST' };
const known = [...Object.keys(settings), 'help', 'version'];

export const usage = `Usage: npm start -- [--port NUMBER] [--host ADDRESS]

  --port NUMBER    port to listen on (APP_PORT; 8000)
  --host ADDRESS   address to listen on (APP_HOST; 0.0.0.0)
  --version        print the version
  --help           print this

Everything else is set by environment variables or a .env file: see docs/configuration.md.
`;

/**
 * Settings from the command line; they override the environment.
 * @throws ArgumentError with the most similar argument, if there is one
 */
export function argumentsFrom(args: readonly string[]): Environment | 'help' | 'version' {
  const { tokens } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, host: { type: 'string' } },
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
    if (setting === undefined) throw new ArgumentError(unknown(token.rawName, token.name));
    if (token.value === undefined || token.value === '')
      throw new ArgumentError(
        `${token.rawName} takes a value, as in ${token.rawName} ${examples[token.name]}.`,
      );
    found[setting] = token.value;
  }
  return found;
}

const examples: Readonly<Record<string, string>> = { port: '3000', host: '127.0.0.1' };

/** npm consumes an option before `--` and passes its value on. */
function strayed(value: string): string {
  const example = /^\d+$/.test(value) ? ` For a port: npm start -- --port ${value}` : '';
  return `The start takes no argument ${JSON.stringify(value)}.${example}`;
}

function unknown(written: string, name: string): string {
  const option = nearestOf(name, known);
  if (option !== undefined) return `There is no argument ${written}; did you mean --${option}?`;
  const setting = nearestOf(name, settingNames);
  const short = Object.keys(settings).find((one) => settings[one] === setting);
  if (short !== undefined) return `There is no argument ${written}; did you mean --${short}?`;
  if (setting !== undefined)
    return `There is no argument ${written}; set the environment variable ${setting} instead.`;
  return `There is no argument ${written}; there are ${known.map((one) => `--${one}`).join(', ')}.`;
}
