import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expect, test } from 'vitest';
import { evalFlags } from '../../src/cli/eval/settings.ts';
import { classifyFlags, defaultJournal, settingsFrom } from '../../src/cli/settings.ts';
import { unknownCommand, wrongOption } from '../../src/cli/usage.ts';
import { inLanguage } from '../../src/messages/text.ts';
import { usage } from '../../src/messages/usage.ts';

const invocation = {
  command: 'album-classifier',
  folder: process.cwd(),
  dataFolder: undefined,
  language: 'en',
} as const;
const settings = (...args: string[]) =>
  settingsFrom(['.'], parseArgs({ args, options: classifyFlags }).values, { isTerminal: false, invocation });

test.each([
  [['--concurrency', 'many'], '--concurrency must be a whole number'],
  [['--max-concurrent', '0'], '--max-concurrent must be'],
  [['--timeout', ''], '--timeout must be'],
  [['--json', '--csv'], '--json, --csv exclude each other'],
  [['--move', 'a', '--copy', 'b'], '--move, --copy exclude each other'],
  [['--move', ''], '--move needs a folder'],
  [['--apply'], '--apply goes with'],
  [['--min-confidence', '0.5'], '--min-confidence goes with'],
  [['--move', 'a', '--min-confidence', '2'], '--min-confidence must be'],
  [['--lang', 'fr'], '--lang must be en or zh'],
  [['--config', 'no-such.json'], "no-such.json can't be read: ENOENT"],
  [['--config', 'README.md'], 'README.md is no JSON'],
  [['--config', 'package.json'], 'name, version'],
  [['--server', 'localhost:8000'], '--server must be an address'],
  [['--max-cost', 'much'], '--max-cost must be a number of 0 or more'],
  [['--max-cost', '1', '--server', 'http://localhost:8000'], '--max-cost goes without --server'],
  [['--server', 'http://me:secret@localhost:8000'], '--server takes no user, password or query'],
  [['--server', 'http://localhost:8000/?key=secret'], '--server takes no user, password or query'],
])('%j is wrong usage', (args, words) => {
  expect(() => settings(...args)).toThrow(words);
});

test('seconds become milliseconds, and a flag wins over nothing', () => {
  expect(
    settings('--timeout', '1.5', '--max-wait-time', '60', '--max-retries', '0', '-c', '7'),
  ).toMatchObject({
    timeoutMs: 1500,
    maxWaitMs: 60_000,
    maxRetries: 0,
    concurrency: 7,
    output: 'ndjson',
  });
});

test('the usage names every option, in each language', () => {
  for (const name of Object.keys({ ...classifyFlags, ...evalFlags })) expect(usage.en).toContain(`--${name}`);
  const optionsIn = (text: string) => text.match(/^ {2}(-.*?|[a-z-]+)(?= {2}|$)/gm);
  expect(optionsIn(usage.zh)).toEqual(optionsIn(usage.en));
  expect(usage.en).toContain(defaultJournal);
  expect(usage.zh).toContain(defaultJournal);
});

test('a configuration file may keep the settings in the section of another program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'album-config-'));
  try {
    const file = join(folder, 'config.json');
    writeFileSync(file, '{"image_generation":{"max_concurrent":3,"model":"x"},"video":{}}');
    const { concurrency, notices } = settings('--config', file);
    expect(concurrency).toBe(3);
    expect(notices.map((notice) => inLanguage('en', notice))).toEqual([
      `${file}: image_generation.model is ignored.`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a misspelt command gets the right one', () => {
  expect(unknownCommand('clasify').message).toBe('there is no command clasify. Did you mean classify?');
  expect(unknownCommand('dance').message).toBe('there is no command dance');
});

test('a wrong option is named, a misspelt one with the right one', () => {
  const unknown = (...args: string[]) => {
    try {
      parseArgs({ args, options: classifyFlags });
    } catch (error) {
      return wrongOption(error, Object.keys(classifyFlags))?.message;
    }
    return undefined;
  };
  expect(unknown('--dryrun')).toBe('There is no option --dryrun. Did you mean --dry-run?');
  expect(unknown('--hiden')).toBe('There is no option --hiden. Did you mean --hidden?');
  expect(unknown('--nonsense')).toBe('There is no option --nonsense.');
  expect(unknown('--timeout')).toBe('The option --timeout needs a value.');
  expect(unknown('-c')).toBe('The option --concurrency needs a value.');
  expect(unknown('--journal', '--fresh')).toBe('The option --journal needs a value.');
  expect(unknown('--apply=yes')).toBe('The option --apply takes no value.');
});

test('the progress bar is not mixed with rows that go into a pipe', () => {
  const shows = (isPipe: boolean, ...args: string[]) =>
    settingsFrom(['.'], parseArgs({ args, options: classifyFlags }).values, {
      ...{ isTerminal: false, isPipe, invocation },
    }).showsProgress;
  expect([shows(true), shows(true, '--csv'), shows(true, '--json'), shows(false, '--csv')]).toEqual([
    ...[false, false, true, true],
  ]);
});
