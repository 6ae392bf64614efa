import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inLanguage, text } from '../../src/messages/text.ts';
import { zhCli } from '../../src/messages/zh-cli.ts';
import { zhEval } from '../../src/messages/zh-eval.ts';
import { zhPages } from '../../src/messages/zh-pages.ts';
import { zhProblems } from '../../src/messages/zh-problems.ts';
import { zhSetup } from '../../src/messages/zh-setup.ts';

const parts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  zhCli,
  zhEval,
  zhPages,
  zhProblems,
  zhSetup,
};
const entries = Object.values(parts).flatMap((part) => Object.entries(part));
const withoutValues = (sentence: string) => sentence.replaceAll(/\{[^}]+\}/g, '');
const valuesIn = (sentence: string) =>
  [...new Set(sentence.replaceAll(/\|[^}]*/g, '').match(/\{\w+\}/g))].sort().join();

/** Literals that are written to people; sentences of `UsageError` and the like are checked by their type. */
const written = /\b(?:write|err|report|warn|print|log)\((?:`|'|")((?:[^`'"\\]|\\.)*)/g;

test('the command line writes no sentence that is not in the catalogue', () => {
  const found = globSync('src/cli/**/*.ts').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(written)].map(([, literal = '']) => `${file}: ${literal}`),
  );
  expect(found.filter((one) => /[a-z]{2,} [a-z]{2,}/i.test(one.replaceAll(/\$\{[^}]*\}/g, '')))).toEqual([]);
});

test('the page of operators marks no sentence that is not in the catalogue', () => {
  const page = readFileSync('src/http/pages/ops-page/index.html', 'utf8');
  const marked = [...page.matchAll(/\{\{(.+?)\}\}/g)].map(([, sentence = '']) => sentence);
  const scripts = globSync('src/http/pages/ops-page/*.js').map((file) => readFileSync(file, 'utf8'));
  const said = [...scripts.join('\n').matchAll(/\bsay\('((?:[^'\\]|\\.)*)'/g)].map(
    ([, sentence = '']) => sentence,
  );
  expect(marked.length).toBeGreaterThan(30);
  expect(said.length).toBeGreaterThan(20);
  expect([...marked, ...said].filter((sentence) => !Object.hasOwn(zhPages, sentence))).toEqual([]);
  // What is left of the page without tags, marks and data.
  const text = page.replaceAll(/<script[^>]*>[^<]*<\/script>|<[^>]*>|\{\{.+?\}\}/g, ' ');
  expect(text.match(/[A-Za-z]{2,}/g)).toEqual(['album', 'classifier', 'album', 'classifier']);
});

describe('the catalogue of messages', () => {
  test('names the same values in both languages', () => {
    const differing = entries.filter(([english, chinese]) => valuesIn(english) !== valuesIn(chinese));
    expect(differing).toEqual([]);
  });

  test('has a translation of its own for every sentence', () => {
    // Such as units and names, which are the same in both.
    const same = entries.filter(
      ([english, chinese]) => english === chinese && /[a-z]{4}/.test(withoutValues(english)),
    );
    expect(same).toEqual([]);
    expect(entries.filter(([, chinese]) => chinese.trim() === '')).toEqual([]);
  });

  test('has each sentence once', () => {
    const sentences = entries.map(([english]) => english);
    expect(sentences.filter((one, at) => sentences.indexOf(one) !== at)).toEqual([]);
  });

  test('follows a number', () => {
    const photos = (count: number) => text('{count} {count|photo|photos}', { count });
    expect([0, 1, 2].map((count) => inLanguage('en', photos(count)))).toEqual([
      ...['0 photos', '1 photo', '2 photos'],
    ]);
    expect(inLanguage('zh', photos(1))).toBe('1 张照片');
  });

  test('puts values in, and translates those that are sentences', () => {
    const message = text('The photo is damaged and cannot be decoded: {reason}.', {
      reason: { sentence: 'it begins twice' },
    });
    expect(inLanguage('en', message)).toBe('The photo is damaged and cannot be decoded: it begins twice.');
    expect(inLanguage('zh', message)).toBe('照片已损坏，无法解码：有两个开头。');
    const hostile = text('The text part `{name}` is too long.', { name: '$& {name}' });
    expect(inLanguage('en', hostile)).toBe('The text part `$& {name}` is too long.');
  });
});
