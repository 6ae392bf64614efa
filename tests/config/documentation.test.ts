import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configReference, envExample } from '../../src/config/documentation.ts';

const hint = 'run `node scripts/document-config.ts`';

test('docs/configuration.md lists every variable with its default, unit and range', () => {
  expect(readFileSync('docs/configuration.md', 'utf8') === configReference(), hint).toBe(true);
});

test('.env.example lists every variable at its default', () => {
  expect(readFileSync('.env.example', 'utf8') === envExample(), hint).toBe(true);
});

test('every setting in the README exists and has the default that the README names', () => {
  const rows = (file: string) => readFileSync(file, 'utf8').matchAll(/^\| `([A-Z\d_]+)` \| (.*) \|$/gm);
  const defaults = new Map(
    [...rows('docs/configuration.md')].map(([, name, cells]) => [name, cells?.split(' | ')[1]]),
  );
  const inReadme = [...rows('README.md')].map(([, name, cells]) => [name, cells?.split(' | ')[1] ?? '']);
  expect(inReadme.length).toBeGreaterThan(9);
  for (const [name, standard] of inReadme) expect([name, standard]).toEqual([name, defaults.get(name)]);
});
