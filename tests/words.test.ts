import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Words that a reader has to guess at, each with what to write instead. */
const everywhere: Readonly<Record<string, string>> = {
  'dear|dearer|dearest|dearly': 'expensive',
  'foretell|foretells|foretold': 'estimate',
  'in vain': 'without success',
  'is known here': 'known',
  'turn away|turns away|turned away': 'refuse, reject',
};

/** Documents and messages are stricter than comments. */
const inDocuments: Readonly<Record<string, string>> = {
  ...everywhere,
  whoever: 'the caller, anyone who',
  'nobody|somebody|anybody': 'no one, someone, anyone, or the actor itself',
  patience: 'timeout',
  desk: 'the name of the part',
  'let in|lets in': 'accept',
};

const documents = ['*.md', 'docs/**/*.md', 'deploy/**/*.{md,yml,yaml,conf}', 'models/**/*.md'];
const code = ['{src,tests,bench,scripts}/**/*.{ts,js,html,css}', 'migrations/**/*.sql'];
const exempt = ['tests/words.test.ts', 'src/client/api.ts'];

/** Identifiers as words: `photoQueue` is `photo Queue`. */
const wordsOf = (text: string) => text.replace(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
const withoutCode = (text: string) => text.replace(/`[^`]*`/g, '');

function findIn(
  patterns: readonly string[],
  banned: Readonly<Record<string, string>>,
  textOf: (line: string) => string,
): string[] {
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
  expect(findIn(documents, inDocuments, withoutCode)).toEqual([]);
});

test('code, comments and test names use words that a stranger understands', () => {
  expect(findIn(code, everywhere, wordsOf)).toEqual([]);
});
