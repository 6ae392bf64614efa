import { expect, test } from 'vitest';
import { providerVariables } from '../../src/config/llm-variables.ts';
import { variables } from '../../src/config/variables.ts';
import { runCli } from './run-cli.ts';

test('check-config prints no secret', async () => {
  const secretNames = (of: object) =>
    Object.entries(of).flatMap(([name, variable]) => (variable.secret ? [name] : []));
  const names = [
    ...secretNames(variables),
    ...secretNames(providerVariables).map((name) => `LLM_MINE_${name}`),
  ];
  expect(names).toContain('LLM_API_KEY');
  const values: Record<string, string> = {
    DATABASE_URL: 'mysql://me:hush-url@127.0.0.1/album',
    ALBUM_API_KEY: 'ack_hush',
    LLM_EXTRA_BODY: '{"key":"hush"}',
    LLM_MINE_EXTRA_BODY: '{"key":"hush"}',
  };
  const environment = Object.fromEntries(names.map((name) => [name, values[name] ?? `hush-${name}, hush-2`]));
  for (const more of [
    {},
    { LLM_PROVIDERS: 'mine', LLM_MINE_PROVIDER: 'openai' },
    { DATABASE_URL: '', MYSQL_HOST: 'x' },
  ]) {
    const { code, out, err } = await runCli('.', ['check-config'], { ...environment, ...more });
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('(set)');
    expect(out).not.toContain('hush');
  }
});
