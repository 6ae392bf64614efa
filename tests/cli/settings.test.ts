import { parseArgs } from 'node:util';
import { expect, test } from 'vitest';
import { classifyFlags, settingsFrom } from '../../src/cli/settings.ts';
import { usage } from '../../src/cli/usage.ts';

const settings = (...args: string[]) =>
  settingsFrom(['.'], parseArgs({ args, options: classifyFlags }).values, false);

test.each([
  [['--concurrency', 'many'], '--concurrency must be a whole number'],
  [['--max-concurrent', '0'], '--max-concurrent must be'],
  [['--timeout', ''], '--timeout must be'],
  [['--json', '--csv'], '--json and --csv exclude each other'],
  [['--move', 'a', '--copy', 'b'], '--move and --copy exclude each other'],
  [['--move', ''], '--move needs a folder'],
  [['--apply'], '--apply goes with'],
  [['--config', 'no-such.json'], "no-such.json can't be read: ENOENT"],
  [['--config', 'README.md'], 'README.md is no JSON'],
  [['--config', 'package.json'], 'name, version'],
  [['--server', 'localhost:8000'], '--server must be an address'],
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

test('the usage names every option', () => {
  for (const name of Object.keys(classifyFlags)) expect(usage).toContain(`--${name}`);
});
