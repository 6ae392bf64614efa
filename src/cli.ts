#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { classifyFlags, settingsFrom } from './cli/settings.ts';
import { usage } from './cli/usage.ts';
import { UsageError } from './cli/usage-error.ts';
import { ConfigError } from './config.ts';

// What a command needs is loaded for it alone: help and wrong usage answer at once.
const { argv, stdout, stderr } = process;

async function run(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      ...classifyFlags,
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', default: false },
    },
  });
  const [command, ...paths] = positionals;
  if (values.help) {
    stdout.write(usage);
    return 0;
  }
  if (values.version) {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    stdout.write(`${version}\n`);
    return 0;
  }
  switch (command) {
    case 'classify': {
      const settings = settingsFrom(paths, values, stdout.isTTY);
      const { classify } = await import('./cli/classify.ts');
      return classify(settings, {
        out: (text) => stdout.write(text),
        err: (text) => stderr.write(text),
        isTerminal: stderr.isTTY,
        command: `album-classifier ${argv.slice(2).map(quoted).join(' ')}`,
      });
    }
    case 'migrate':
      return (await import('./cli/admin.ts')).migrate();
    case 'versions':
      return (await import('./cli/cache.ts')).versions();
    case 'drop':
      return (await import('./cli/cache.ts')).drop(paths);
    case 'forget':
      return (await import('./cli/cache.ts')).forgetWhat(paths);
    case 'keys':
      return (await import('./cli/keys.ts')).keys(paths);
    case 'check-config':
      return (await import('./cli/admin.ts')).checkConfig();
    case 'check-llm':
      return (await import('./cli/check-llm.ts')).checkLlm(paths, values);
    default:
      throw new UsageError(command === undefined ? 'no command given' : `there is no command ${command}`);
  }
}

function quoted(argument: string): string {
  return /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function isUsageError(error: unknown): error is Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return error instanceof UsageError || error instanceof ConfigError || code.startsWith('ERR_PARSE_ARGS');
}

// Nobody takes the results any more (`| head`, a full disk): as an interrupt, what is in flight finishes and is remembered.
let lost: string | undefined;
stdout.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
  if (lost !== undefined) return;
  lost = code;
  if (code !== 'EPIPE') stderr.write(`The results can't be written: ${code}.\n`);
  if (process.listenerCount('SIGINT') > 0) process.emit('SIGINT');
});

try {
  const code = await run();
  process.exitCode = lost === undefined || lost === 'EPIPE' ? code : 1;
} catch (error) {
  if (!isUsageError(error)) throw error;
  const help = error instanceof ConfigError ? '' : '\nTry --help.\n';
  stderr.write(`${error.message}\n${help}`);
  process.exitCode = 2;
}
