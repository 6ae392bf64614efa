#!/usr/bin/env node
import { fstatSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { evalFlags, evalSettingsFrom } from './cli/eval/settings.ts';
import { invocationOf, quoted } from './cli/invocation.ts';
import { loadCliConfig } from './cli/load-config.ts';
import { classifyFlags, settingsFrom } from './cli/settings.ts';
import { unknownCommand, wrongOption } from './cli/usage.ts';
import { BlockedError, UsageError } from './cli/usage-error.ts';
import { ConfigError, userEnvironment } from './config.ts';
import { languageIn } from './messages/language.ts';
import { inLanguage, sayIn, text } from './messages/text.ts';
import { usage } from './messages/usage.ts';

// Each command loads only what it needs: help and usage errors are immediate.
const flags = {
  ...classifyFlags,
  ...evalFlags,
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', default: false },
} as const;

function parse() {
  try {
    return parseArgs({ allowPositionals: true, options: flags });
  } catch (error) {
    throw wrongOption(error, Object.keys(flags)) ?? error;
  }
}

/** Of `engines` in package.json. Commands load modules that an older Node.js lacks. */
const oldestNode = 24;

async function run(): Promise<number> {
  if (Number.parseInt(process.versions.node, 10) < oldestNode)
    throw new UsageError(
      text('This command needs Node.js {oldest} or newer; this is {version}.', {
        oldest: oldestNode,
        version: process.versions.node,
      }),
    );
  const { positionals, values } = parse();
  const [command, ...words] = positionals;
  if (values.help) {
    stdout.write(usage[invocation.language]);
    return 0;
  }
  if (values.version) {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    stdout.write(`${version}\n`);
    return 0;
  }
  const data = values.data === undefined ? undefined : resolve(invocation.folder, values.data);
  const config = () => loadCliConfig(invocation, data);
  switch (command) {
    case 'classify': {
      const settings = settingsFrom(words, values, {
        ...{ isTerminal: stdout.isTTY, isPipe: fstatSync(stdout.fd).isFIFO(), invocation },
      });
      const { classify } = await import('./cli/classify.ts');
      return classify(settings, {
        ...streams,
        out: (words) => stdout.write(words),
        columns: (stdout.isTTY && stdout.columns) || undefined,
        isRead: () => lost === undefined,
        invocation,
      });
    }
    case 'eval': {
      const out = (text: string) => void stdout.write(text);
      if (values.feedback) {
        const { evaluateFeedback } = await import('./cli/eval/feedback.ts');
        return evaluateFeedback(words, config, { isJson: values.json, out, say });
      }
      const settings = evalSettingsFrom(words, values, invocation);
      const { evaluateModels } = await import('./cli/eval.ts');
      return evaluateModels(settings, { ...streams, out, language: invocation.language });
    }
    case 'undo':
      return (await import('./cli/undo.ts')).undo(words, { invocation, data, isQuiet: values.quiet });
    case 'migrate':
      return (await import('./cli/admin.ts')).migrate(config(), say);
    case 'backup':
      return (await import('./cli/backup.ts')).backup(config(), words, { folder: invocation.folder, say });
    case 'restore':
      return (await import('./cli/backup.ts')).restore(config(), words, { folder: invocation.folder, say });
    case 'versions':
      return (await import('./cli/cache.ts')).versions(config(), say);
    case 'drop':
      return (await import('./cli/cache.ts')).drop(config, words, say);
    case 'forget':
      return (await import('./cli/cache.ts')).forgetWhat(config, words, say);
    case 'keys':
      return (await import('./cli/keys.ts')).keys(config, words, say);
    case 'check-config':
      return (await import('./cli/admin.ts')).checkConfig(config(), say);
    case 'check-llm':
      return (await import('./cli/check-llm.ts')).checkLlm(words, config, { ...values, say });
    default:
      throw unknownCommand(command);
  }
}

function isUsageError(error: unknown): error is Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return error instanceof UsageError || error instanceof ConfigError || code.startsWith('ERR_PARSE_ARGS');
}

const { argv, stdout, stderr } = process;
const invocation = invocationOf(userEnvironment(), {
  entry: fileURLToPath(import.meta.url),
  cwd: process.cwd(),
  language: languageIn(argv),
});
const say = sayIn(invocation.language);
const streams = {
  err: (text: string) => void stderr.write(text),
  isTerminal: stderr.isTTY,
  command: `${invocation.command} ${argv.slice(2).map(quoted).join(' ')}`,
};

// The reader is gone (`| head`) or the disk is full. As after an interrupt, photos in flight finish and are remembered.
let lost: string | undefined;
stdout.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
  if (lost !== undefined) return;
  lost = code;
  if (code !== 'EPIPE') stderr.write(`${say("The results can't be written: {code}.", { code })}\n`);
  if (process.listenerCount('SIGINT') > 0) process.emit('SIGINT');
});

try {
  const code = await run();
  if (lost === 'EPIPE') process.exitCode = 0;
  else process.exitCode = lost === undefined ? code : 1;
} catch (error) {
  if (!isUsageError(error)) throw error;
  const { command, language } = invocation;
  const message =
    error instanceof UsageError
      ? inLanguage(language, error.text)
      : error instanceof ConfigError
        ? error.inLanguage(language)
        : error.message;
  const isUsage = !(error instanceof ConfigError || error instanceof BlockedError);
  const help = isUsage ? `\n${say('Try {command} --help', { command })}\n` : '';
  stderr.write(`${message}\n${help}`);
  // Parts that were open before the faulty one would keep the process alive.
  process.exit(2);
}
