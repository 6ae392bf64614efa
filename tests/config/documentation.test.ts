import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configTable, envExample } from '../../src/config/documentation.ts';

const hint = 'run `node scripts/document-config.ts`';

test('the README lists every variable with its default, unit and range', () => {
  expect(readFileSync('README.md', 'utf8').includes(configTable()), hint).toBe(true);
});

test('.env.example lists every variable at its default', () => {
  expect(readFileSync('.env.example', 'utf8') === envExample(), hint).toBe(true);
});
