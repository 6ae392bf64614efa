import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Words that a reader has to guess at, each with what to write instead. */
const banned: Readonly<Record<string, string>> = {
  'dear|dearer|dearest|dearly': 'expensive',
  'foretell|foretells|foretold': 'estimate',
  'in vain': 'without success',
  'is known here': 'known',
  'turn away|turns away|turned away': 'refuse, reject',
  'let in(?! flight)|lets in': 'accept',
  'gate|gates': 'limiter, check',
  'desk|desks': 'the name of the part',
  'patience|patiently': 'timeout',
  whoever: 'the caller, anyone who',
  'nobody|somebody|anybody': 'no one, someone, anyone, or the actor itself',
};

const documents = ['*.md', 'docs/**/*.md', 'deploy/**/*.{md,yml,yaml,conf}', 'models/**/*.md'];
const code = ['{src,tests,bench,scripts}/**/*.{ts,js,html,css}'];
const exempt = ['tests/words.test.ts', 'src/client/api.ts'];

/** Identifiers as words: `photoQueue` is `photo Queue`. */
const wordsOf = (text: string) => text.replace(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
const withoutCode = (text: string) => text.replace(/`[^`]*`/g, '');
/** A value on the wire. */
const withoutWireValue = (text: string) => text.replaceAll("'anybody'", '');

function findIn(patterns: readonly string[], textOf: (line: string) => string): string[] {
  const files = globSync([...patterns]).filter((file) => !exempt.includes(file));
  const searches = Object.entries(banned).map(([words, instead]) => ({
    pattern: new RegExp(`\\b(?:${words})\\b`, 'i'),
    instead,
  }));
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, at) =>
        searches
          .map(({ pattern, instead }) => ({ found: pattern.exec(textOf(line))?.[0], instead }))
          .filter(({ found }) => found !== undefined)
          .map(({ found, instead }) => `${file}:${at + 1}: "${found}" (instead: ${instead})`),
      ),
  );
}

test('documents use words that a stranger understands', () => {
  expect(findIn(documents, withoutCode)).toEqual([]);
});

test('code, comments and test names use words that a stranger understands', () => {
  expect(findIn(code, (line) => wordsOf(withoutWireValue(line)))).toEqual([]);
});
