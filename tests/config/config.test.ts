import { expect, test } from 'vitest';
import { ConfigError, configFrom } from '../../src/config.ts';
import { inLanguage } from '../../src/messages/text.ts';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    configFrom(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((one) => inLanguage('en', one));
    throw error;
  }
}

test('an empty environment is SQLite, the local model, port 8000 on all addresses', () => {
  const config = configFrom({});
  expect(config.store.kind).toBe('sqlite');
  expect(config.strategy).toBe('local-only');
  expect(config).toMatchObject({ host: '0.0.0.0', port: 8000, workers: 1, llm: undefined });
});

test('MYSQL_HOST alone is MySQL as root without a password', () => {
  expect(configFrom({ MYSQL_HOST: 'db' }).store).toEqual({
    kind: 'mysql',
    host: 'db',
    port: 3306,
    user: 'root',
    password: '',
    database: 'image_classifier',
    poolSize: 10,
  });
});

test('a read replica has the account, database and encryption of the primary unless its URL says otherwise', () => {
  const replicaOf = (MYSQL_READ_URL: string) => {
    const environment = { DATABASE_URL: 'mysql://me:secret@db/album?ssl-mode=require', MYSQL_READ_URL };
    const { store } = configFrom(environment);
    return store.kind === 'mysql' ? store.replica : undefined;
  };
  const primary = { user: 'me', password: 'secret', database: 'album', tls: { mode: 'require' } };
  expect(replicaOf('mysql://copy:3307')).toEqual({ host: 'copy', port: 3307, ...primary });
  expect(replicaOf('mysql://reader@copy/other?ssl-mode=off')).toEqual({
    ...{ host: 'copy', port: 3306, user: 'reader', password: '', database: 'other' },
  });
  expect(replicaOf('')).toBeUndefined();
  expect(problemsOf({ MYSQL_READ_URL: 'mysql://copy' })[0]).toContain('DATABASE_URL');
});

test('DATABASE_URL wins over MYSQL_HOST, and its parts are decoded', () => {
  const { store } = configFrom({ MYSQL_HOST: 'db', DATABASE_URL: 'mysql://me:p%40ss@[::1]:3307/album' });
  expect(store).toMatchObject({ host: '::1', port: 3307, user: 'me', password: 'p@ss', database: 'album' });
});

test('connections to MySQL are encrypted as one asks, by variables or by the URL', () => {
  const tlsOf = (environment: Record<string, string>) => {
    const { store } = configFrom(environment);
    return store.kind === 'mysql' ? store.tls : undefined;
  };
  expect(tlsOf({ MYSQL_HOST: 'db' })).toBeUndefined();
  expect(tlsOf({ MYSQL_HOST: 'db', MYSQL_TLS: 'require' })).toEqual({ mode: 'require' });
  expect(tlsOf({ MYSQL_HOST: 'db', MYSQL_TLS: 'verify', MYSQL_TLS_CA: '/ca.pem' })).toEqual({
    mode: 'verify',
    caFile: '/ca.pem',
  });
  const url = 'mysql://db/album?ssl-mode=VERIFY_CA&ssl-ca=%2Fother.pem';
  expect(tlsOf({ DATABASE_URL: url, MYSQL_TLS: 'off', MYSQL_TLS_CA: '/ca.pem' })).toEqual({
    mode: 'verify-ca',
    caFile: '/other.pem',
  });
  expect(tlsOf({ DATABASE_URL: 'mysql://db/album', MYSQL_TLS: 'verify' })).toEqual({ mode: 'verify' });
});

test('encryption asked for in other words is refused, not passed over', () => {
  expect(problemsOf({ DATABASE_URL: 'mysql://db/album?sslmode=require' })[0]).toContain('ssl-mode');
  expect(problemsOf({ DATABASE_URL: 'mysql://db/album?ssl-mode=maybe' })[0]).toContain('one of off');
  expect(problemsOf({ DATABASE_URL: 'mysql://db/album?charset=utf8mb4' })).toEqual([]);
  expect(problemsOf({ MYSQL_HOST: '10.0.0.7', MYSQL_TLS: 'verify' })[0]).toContain('name');
  expect(problemsOf({ MYSQL_HOST: '10.0.0.7', MYSQL_TLS: 'verify-ca' })).toEqual([]);
});

test('a key makes the LLM preferred, a base URL alone does too', () => {
  expect(configFrom({ LLM_API_KEY: 'k' }).strategy).toBe('llm-first');
  expect(configFrom({ LLM_BASE_URL: 'http://127.0.0.1:1/v1' }).strategy).toBe('llm-first');
});

test("the original service's switches choose the strategy where STRATEGY is silent", () => {
  expect(configFrom({ LLM_API_KEY: 'k', USE_LOCAL_INFERENCE: 'true' }).strategy).toBe('local-only');
  expect(configFrom({ LLM_API_KEY: 'k', LOCAL_INFERENCE_FALLBACK: 'false' }).strategy).toBe('llm-only');
  expect(
    configFrom({ LLM_API_KEY: 'k', USE_LOCAL_INFERENCE: 'true', STRATEGY: 'local-first' }).strategy,
  ).toBe('local-first');
});

test.each(['aliyun', 'qwen', 'dashscope', 'Qwen'])('LLM_PROVIDER=%s is DashScope', (name) => {
  expect(configFrom({ LLM_API_KEY: 'k', LLM_PROVIDER: name }).llm?.providers[0]?.vendor).toBe('dashscope');
});

test('all wrong values are listed at once, each with what was expected and what came', () => {
  const problems = problemsOf({ APP_PORT: 'eighty', WORKERS: '-1', LOG_LEVEL: 'loud' });
  expect(problems).toHaveLength(3);
  expect(problems[0]).toBe('APP_PORT must be a whole number from 0 to 65535, not "eighty"');
});

test('a wrong secret is named but never shown', () => {
  const [problem] = problemsOf({ DATABASE_URL: 'postgres://me:hunter2@db/album' });
  expect(problem).toMatch(/^DATABASE_URL must be/);
  expect(problem).not.toContain('hunter2');
});

test('no process may remember for longer than 30 seconds what another one has forgotten', () => {
  expect(problemsOf({ MEMORY_CACHE_TTL: '31' })).toEqual([
    'MEMORY_CACHE_TTL must be a whole number from 1 to 30, not "31"',
  ]);
});

test('a strategy that needs an LLM is refused without one', () => {
  expect(problemsOf({ STRATEGY: 'llm-only' })[0]).toContain('LLM_API_KEY');
});

test('a time zone that does not exist is refused', () => {
  expect(problemsOf({ TIME_ZONE: 'Mars/Olympus' })[0]).toContain('IANA');
});

test('inference processes are divided among workers, at least one each', () => {
  expect(configFrom({ WORKERS: '2', INFERENCE_PROCESSES: '4' }).inference.processes).toBe(2);
  expect(configFrom({ WORKERS: '8', INFERENCE_PROCESSES: '4' }).inference.processes).toBe(1);
});

const named = {
  LLM_PROVIDERS: 'dashscope, back-up',
  LLM_DASHSCOPE_API_KEY: 'a, b',
  LLM_BACK_UP_PROVIDER: 'claude',
  LLM_BACK_UP_API_KEY: 'c',
  LLM_BACK_UP_TIMEOUT: '5',
  LLM_MAX_CONCURRENCY: '4',
};

test('several providers are named in order, each with variables of its own', () => {
  const providers = configFrom(named).llm?.providers;
  expect(providers).toMatchObject([
    { name: 'dashscope', vendor: 'dashscope', apiKeys: ['a', 'b'], timeoutMs: 20_000, maxConcurrency: 4 },
    { name: 'back-up', vendor: 'anthropic', apiKeys: ['c'], timeoutMs: 5_000, account: 'back-up' },
  ]);
});

test('a provider without a key, of no known vendor, or with a wrong value is named', () => {
  expect(problemsOf({ ...named, LLM_DASHSCOPE_API_KEY: '' })[0]).toMatch(/^LLM_DASHSCOPE_API_KEY/);
  expect(problemsOf({ ...named, LLM_BACK_UP_PROVIDER: '' })[0]).toMatch(/^LLM_BACK_UP_PROVIDER/);
  expect(problemsOf({ ...named, LLM_BACK_UP_TIMEOUT: 'soon' })[0]).toMatch(/^LLM_BACK_UP_TIMEOUT/);
});

test('one provider is configured as ever, with one key or several', () => {
  const { llm } = configFrom({ LLM_API_KEY: 'a,b', LLM_PROVIDER: 'qwen', LLM_BUDGET_DAILY: '2.5' });
  expect(llm?.providers).toMatchObject([
    { vendor: 'dashscope', apiKeys: ['a', 'b'], maxConcurrency: undefined },
  ]);
  expect(llm?.budget).toEqual({ dailyMicro: 2_500_000, monthlyMicro: Infinity });
});

test('categories that never leave the house may have a threshold of their own', () => {
  const { llm } = configFrom({ LLM_API_KEY: 'a', LLM_NEVER_SEND: 'idcard, pets:0.3' });
  expect(llm?.neverSend).toEqual({ idcard: undefined, pets: 0.3 });
});

test('fields of the request are a JSON object, for all providers or for one', () => {
  const { llm } = configFrom({
    ...named,
    LLM_EXTRA_BODY: '{"temperature":0}',
    LLM_BACK_UP_EXTRA_BODY: '{"thinking":null}',
  });
  expect(llm?.providers.map(({ extraBody }) => extraBody)).toEqual([{ temperature: 0 }, { thinking: null }]);
  expect(configFrom({ LLM_API_KEY: 'a' }).llm?.providers[0]?.extraBody).toBeUndefined();
});

test.each(['{', '[]', '3', 'null', '{"model":"m"}', '{"messages":[]}', '{"stream":true}'])(
  'LLM_EXTRA_BODY=%s is refused without being quoted',
  (value) => {
    const [problem] = problemsOf({ LLM_API_KEY: 'a', LLM_EXTRA_BODY: value });
    expect(problem).toBe(
      'LLM_EXTRA_BODY must be a JSON object without model, messages, stream, not the value given',
    );
  },
);

test('rates are by currency', () => {
  const { llm } = configFrom({ LLM_API_KEY: 'a', LLM_RATES: 'CNY:0.14, EUR:1.1' });
  expect(llm?.rates).toEqual({ CNY: 0.14, EUR: 1.1 });
  expect(problemsOf({ LLM_RATES: 'yuan:0.14' })[0]).toContain('CODE:number');
});

test("one's own Ollama needs neither key nor address", () => {
  expect(configFrom({ LLM_PROVIDER: 'ollama' })).toMatchObject({
    strategy: 'llm-first',
    llm: { providers: [{ vendor: 'ollama', apiKeys: ['none'], baseUrl: undefined }] },
  });
  expect(problemsOf({ LLM_PROVIDERS: 'ollama' })).toEqual([]);
  expect(configFrom({ LLM_PROVIDER: 'gemini' }).llm).toBeUndefined();
});

test('settings of a sole provider are told to be unread beside LLM_PROVIDERS', () => {
  const { warnings } = configFrom({
    LLM_PROVIDERS: 'openai',
    LLM_OPENAI_API_KEY: 'k',
    LLM_BASE_URL: 'http://x/v1',
  });
  expect(warnings.map((one) => inLanguage('en', one))).toEqual([
    expect.stringContaining('LLM_BASE_URL is not read beside LLM_PROVIDERS'),
  ]);
});

test('all problems are told in Chinese too', () => {
  const environment = {
    ...{ APP_PORT: 'many', LOG_LEVEL: 'loud', HEIC: 'maybe', DATABASE_URL: 'http://x', LLM_EXTRA_BODY: '[]' },
    ...{ WORKERS: '0.5', LLM_PROVIDERS: '!', TIME_ZONE: '?', CORS_ORIGIN: 'x', HIT_RECORDS: 'some' },
  };
  const told = () => configFrom(environment);
  expect(told).toThrow(ConfigError);
  try {
    told();
  } catch (error) {
    const [head, ...lines] = (error as ConfigError).inLanguage('zh').split('\n');
    expect(head).toBe('配置有 9 处问题：');
    expect(lines).toContain('  - APP_PORT 必须是 0 至 65535 之间的整数，而不是 "many"');
    for (const line of lines) expect(line).toMatch(/必须是/);
  }
  const one = () => configFrom({ STRATEGY: 'llm-first' });
  expect(one).toThrow('The configuration has 1 problem:\n');
});
