import { expect, test } from 'vitest';
import { configFrom } from '../../src/config.ts';
import { inLanguage } from '../../src/messages/text.ts';

test.each([
  [{ LLM_APIKEY: 'hidden' }, 'LLM_APIKEY is not a setting and is ignored; LLM_API_KEY is'],
  [{ LLM_API_KEYS: 'hidden' }, 'LLM_API_KEY is'],
  [{ llm_api_key: 'hidden' }, 'LLM_API_KEY is'],
  [{ LLM_BASEURL: 'http://127.0.0.1' }, 'LLM_BASE_URL is'],
  [{ APP_PROT: '3000' }, 'APP_PORT is'],
  [{ 'OPS-TOKEN': 'hidden' }, 'OPS_TOKEN is'],
  [{ CORS_ORIGINS: '*' }, 'CORS_ORIGIN is'],
  [{ MYSQL_HSOT: 'x' }, 'MYSQL_HOST is'],
  [
    { LLM_PROVIDERS: 'mine', LLM_MINE_PROVIDER: 'openai', LLM_MINE_API_KEY: 'k', LLM_MINE_MODLE: 'm' },
    'LLM_MINE_MODEL is',
  ],
] as Record<string, string>[][] & [Record<string, string>, string][])(
  '%j is told with the nearest name, and without its value',
  (environment, words) => {
    const warnings = configFrom(environment).warnings.map((one) => inLanguage('en', one));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(words);
    expect(warnings[0]).not.toContain('hidden');
  },
);

test('what is for other programs, empty, or there beside the right name is left alone', () => {
  const others =
    'HOME PATH PWD USER LANG LC_ALL SHELL TERM HOSTNAME LOGNAME MAIL EDITOR PORT HOST NODE_ENV NODE_OPTIONS ' +
    'NODE_VERSION YARN_VERSION MALLOC_ARENA_MAX ORT_DISABLE_TELEMETRY HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy ' +
    'MYSQL_PWD MYSQL_ROOT_PASSWORD MYSQL_RANDOM_ROOT_PASSWORD MYSQL_TCP_PORT MYSQL_UNIX_PORT MYSQL_HOME ' +
    'KUBERNETES_SERVICE_HOST KUBERNETES_PORT OPENAI_API_KEY DASHSCOPE_API_KEY ANTHROPIC_API_KEY TZ CI DEBUG ' +
    'npm_config_cache npm_lifecycle_event npm_package_name INIT_CWD SSH_CONNECTION XDG_RUNTIME_DIR DISPLAY';
  const environment = Object.fromEntries(others.split(' ').map((name) => [name, 'x']));
  expect(configFrom(environment).warnings).toEqual([]);
  expect(configFrom({ LLM_APIKEY: ' ' }).warnings).toEqual([]);
  expect(configFrom({ LLM_APIKEY: 'a', LLM_API_KEY: 'b' }).warnings).toEqual([]);
});
