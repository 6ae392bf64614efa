import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const between = (text: string, start: RegExp, end: RegExp): string =>
  text.split(start)[1]?.split(end)[0] ?? '';

const unindented = (text: string): string => {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const indent = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent)).join('\n');
};

test('docs/architecture.md shows the pipeline of the code', () => {
  const source = readFileSync('src/compose/pipeline.ts', 'utf8');
  const lines = between(source, / *\/\/ Pipeline: begin\n/, / *\/\/ Pipeline: end/);
  const shown = between(readFileSync('docs/architecture.md', 'utf8'), /```ts\n/, /\n```/);
  expect(lines).not.toBe('');
  expect(unindented(shown)).toBe(unindented(lines));
});
