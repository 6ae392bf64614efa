import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type ConfigError, configFrom } from '../../src/config.ts';
import { inLanguage } from '../../src/messages/text.ts';
import { mark, secretEnvironments } from '../support/secret-environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'album-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const isSecret = (value: string) => value.includes(mark);

test.each(Object.entries(secretEnvironments))(
  'every secret may be in a file, with a line break at its end: %s',
  (_, environment) => {
    const inFiles = Object.entries(environment).map(([name, value]) =>
      isSecret(value) ? [`${name}_FILE`, fileWith(name, `${value}\r\n`)] : [name, value],
    );
    expect(configFrom(Object.fromEntries(inFiles))).toEqual(configFrom(environment));
  },
);

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    configFrom(environment);
    return [];
  } catch (error) {
    return (error as ConfigError).problems.map((one) => inLanguage('en', one));
  }
}

test('a secret and its file are not both set; an empty one is not set', () => {
  const OPS_TOKEN_FILE = fileWith('token', 'from the file\n');
  expect(problemsOf({ OPS_TOKEN: mark, OPS_TOKEN_FILE })).toEqual([
    'OPS_TOKEN and OPS_TOKEN_FILE must not both be set',
  ]);
  expect(configFrom({ OPS_TOKEN: '', OPS_TOKEN_FILE }).http.opsToken).toBe('from the file');
  expect(configFrom({ OPS_TOKEN: 'a', OPS_TOKEN_FILE: '' }).http.opsToken).toBe('a');
});

test('files that give no valid value are told of without what they or their names say', () => {
  const LLM_MINE_API_KEY_FILE = fileWith('empty', '\n');
  const problems = [
    ...problemsOf({
      OPS_TOKEN_FILE: `/nowhere/${mark}`,
      MYSQL_PASSWORD_FILE: folder,
      DATABASE_URL_FILE: fileWith('address', `http://${mark}`),
    }),
    ...problemsOf({ LLM_PROVIDERS: 'mine', LLM_MINE_PROVIDER: 'openai', LLM_MINE_API_KEY_FILE }),
  ];
  expect(problems.toSorted()).toEqual([
    'DATABASE_URL must be a URL beginning with mysql:// or mariadb://, not the value given',
    'LLM_MINE_API_KEY_FILE names an empty file',
    'MYSQL_PASSWORD_FILE must name a file that can be read, and reading it fails with EISDIR',
    'OPS_TOKEN_FILE must name a file that can be read, and reading it fails with ENOENT',
  ]);
});

test('the name of the file of a setting without secrets is told as a mistake', () => {
  expect(configFrom({ OPS_TOKEN_FILES: 'x' }).warnings.map((one) => inLanguage('en', one))).toEqual([
    'OPS_TOKEN_FILES is not a setting and is ignored; OPS_TOKEN_FILE is',
  ]);
});
