import { expect, test } from 'vitest';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { promptOf } from '../../src/vision/prompt.ts';

const taxonomy = readTaxonomy();

test('the prompt lists every category with what belongs to it', () => {
  const { text } = promptOf({ taxonomy, language: 'zh' });
  for (const { key, definition } of taxonomy.categories) expect(text).toContain(`${key}: ${definition}`);
});

test('the prompt stays short and has the word JSON that DashScope demands', () => {
  const { text } = promptOf({ taxonomy, language: 'zh' });
  expect(text).toContain('JSON');
  expect(text.length).toBeLessThan(900);
});

test('the description is asked for in the language of the operator, or not at all', () => {
  expect(promptOf({ taxonomy, language: 'zh' }).text).toContain('Chinese');
  expect(promptOf({ taxonomy, language: 'en' }).text).toContain('English');
  const bare = promptOf({ taxonomy, language: 'none' });
  expect(bare.text).not.toContain('description');
  expect(bare.form).toBe('bare');
});

test('custom words keep the keys and the form of the answer', () => {
  const { text } = promptOf({ taxonomy, language: 'zh', custom: '这是什么照片？' });
  expect(text).toMatch(/^这是什么照片？/);
  expect(text).toContain('"category":"<key>"');
  for (const { key } of taxonomy.categories) expect(text).toContain(key);
});

test('blank custom words are none', () => {
  expect(promptOf({ taxonomy, language: 'zh', custom: ' \n' })).toEqual(
    promptOf({ taxonomy, language: 'zh' }),
  );
});

test('the plainest prompt asks for a key alone', () => {
  const { plain } = promptOf({ taxonomy, language: 'zh' });
  expect(plain).not.toMatch(/json|confidence|description/i);
  for (const { key } of taxonomy.categories) expect(plain).toContain(key);
});

test('the version changes with words, language and categories, and with nothing else', () => {
  const version = (options: Partial<Parameters<typeof promptOf>[0]>) =>
    promptOf({ taxonomy, language: 'zh', ...options }).version;
  const fewer = { ...taxonomy, categories: taxonomy.categories.slice(1) };
  const versions = [
    version({}),
    version({ language: 'en' }),
    version({ language: 'none' }),
    version({ custom: 'what?' }),
    version({ taxonomy: fewer }),
  ];
  expect(new Set(versions).size).toBe(versions.length);
  expect(version({})).toBe(version({}));
  for (const word of versions) expect(word).toMatch(/^[0-9a-f]{10}$/);
});
