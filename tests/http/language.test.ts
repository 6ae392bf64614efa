import { describe, expect, test } from 'vitest';
import { languageOf } from '../../src/http/language.ts';

describe('the language of a page', () => {
  test.each([
    [undefined, 'en'],
    ['', 'en'],
    ['*', 'en'],
    ['de, fr;q=0.5', 'en'],
    ['zh', 'zh'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['ZH-Hant-TW', 'zh'],
    ['en-GB,en;q=0.9,zh;q=0.1', 'en'],
    ['en;q=0.1, zh;q=0.2', 'zh'],
    ['zh;q=0, en;q=0.1', 'en'],
    ['zh;q=x', 'en'],
  ])('for %j is %s', (accepted, language) => {
    expect(languageOf({ headers: { 'accept-language': accepted } })).toBe(language);
  });
});
