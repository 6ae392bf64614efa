import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { languageOf } from '../../src/http/pages/language.ts';
import { problemIn } from '../../src/http/pages/start-page/words.ts';

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
    expect(languageOf(accepted)).toBe(language);
  });

  test('has a Chinese sentence for every problem that a form can meet', () => {
    const codes = [
      ...readFileSync('src/errors.ts', 'utf8').matchAll(/'([a-z]+_[a-z_]+|overloaded|forbidden)'/g),
    ];
    const never = [
      'invalid_hash',
      'invalid_request',
      'counts_differ',
      'not_found',
      'client_gone',
      'snake_case',
    ];
    const missing = codes
      .map(([, code = '']) => code)
      .filter((code) => !never.includes(code) && problemIn('zh', { code, message: '' }) === '');
    expect(codes.length).toBeGreaterThan(15);
    expect(missing).toEqual([]);
  });
});
