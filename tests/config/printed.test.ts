import { describe, expect, test } from 'vitest';
import { printedConfig } from '../../src/config/printed.ts';
import { configFrom } from '../../src/config.ts';
import { mark, secretEnvironment, secretEnvironments, wrongForms } from '../support/secret-environment.ts';

describe('secrets', () => {
  test('are these variables', () => {
    expect(Object.keys(secretEnvironment).sort()).toEqual([
      'ALBUM_API_KEY',
      'CLASSIFICATION_PROMPT',
      'DATABASE_URL',
      'LLM_API_KEY',
      'LLM_BASE_URL',
      'LLM_EXTRA_BODY',
      'LLM_MINE_API_KEY',
      'LLM_MINE_BASE_URL',
      'LLM_MINE_EXTRA_BODY',
      'MYSQL_PASSWORD',
      'MYSQL_READ_URL',
      'OPS_TOKEN',
    ]);
  });

  test('are not words: whether keys are wanted is printed', () => {
    const { http } = JSON.parse(printedConfig(configFrom({ API_KEYS: 'required' })));
    expect(JSON.stringify(http)).toContain('"apiKeys":"required"');
  });

  test.each(Object.entries(secretEnvironments))(
    'are not in the printed configuration: %s',
    (_, environment) => {
      const printed = printedConfig(configFrom(environment));
      expect(printed).not.toContain(mark);
      const { http, llm, store, prompt } = JSON.parse(printed);
      expect([http.opsToken, store.password, prompt.custom]).toEqual(Array(3).fill('(set)'));
      expect(llm.providers).toEqual([
        expect.objectContaining({
          apiKeys: ['(set)', '(set)'],
          baseUrl: 'http://(set)@127.0.0.1:9/v1?(set)#(set)',
          extraBody: '(set)',
        }),
      ]);
    },
  );

  test('are not in the complaint about a wrong value', () => {
    const complaints = Object.values(secretEnvironments).flatMap((environment) =>
      Object.keys(secretEnvironment).flatMap((name) =>
        wrongForms.flatMap((wrong) => {
          try {
            return [printedConfig(configFrom({ ...environment, [name]: wrong }))];
          } catch (error) {
            return [String((error as Error).stack)];
          }
        }),
      ),
    );
    expect(complaints.filter((text) => text.includes('DATABASE_URL must'))).not.toEqual([]);
    for (const text of complaints) expect(text).not.toContain(mark);
  });

  test('in a database URL that would end it early are told how to be written', () => {
    const problemsOf = (password: string) => {
      try {
        const { store } = configFrom({ DATABASE_URL: `mysql://me:${password}@db.lan/album` });
        return store.kind === 'mysql' && store.password;
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(problemsOf('12#x')).toContain('must write # as %23');
    expect(problemsOf('12?x')).toContain('must write # as %23 and ? as %3F');
    expect(problemsOf('50%off')).toContain('must write % as %25');
    expect(problemsOf('a%23b%3Fc%25d%40')).toBe('a#b?c%d@');
  });

  test('leave the rest as it is', () => {
    const { llm, store } = JSON.parse(
      printedConfig(configFrom({ LLM_BASE_URL: 'http://127.0.0.1:9/v1', MYSQL_HOST: 'db.lan' })),
    );
    expect(llm.providers[0].baseUrl).toBe('http://127.0.0.1:9/v1');
    expect(store).toMatchObject({ host: 'db.lan', password: '' });
  });
});
