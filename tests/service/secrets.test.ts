import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigError, configFrom } from '../../src/config.ts';
import { openServices } from '../../src/services.ts';
import { runCli } from '../cli/run-cli.ts';
import { formOf, sampleBytes } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { freePort } from '../support/free-port.ts';
import { longTest } from '../support/long-test.ts';
import { mark, secretEnvironment, wrongForms } from '../support/secret-environment.ts';
import { spawnService } from '../support/service-process.ts';

const token = `${mark}-ops_token`;
const { DATABASE_URL: _, MYSQL_READ_URL: _replica, ...withSqlite } = secretEnvironment;

/** Says everything it is told, and more: a key, the question, an answer that is none. */
async function indiscreetVendor(): Promise<FakeLlm> {
  const llm = await startFakeLlm();
  onTestFinished(() => llm.close());
  llm.behave(({ index, prompt, headers }) => {
    const told = `${headers.authorization} ${prompt} ${mark}`;
    if (index % 3 === 0)
      return { status: 401, body: { error: { code: 'invalid_api_key', message: told, param: told } } };
    if (index % 3 === 1) return { status: 500, body: told };
    return { content: { category: told, confidence: 0.9, description: told } };
  });
  return llm;
}

/** Providers that refuse the key, say nonsense, can't be reached, and aren't there, each with secrets in its address. */
async function environment(): Promise<Record<string, string>> {
  const { port } = await indiscreetVendor();
  const at = (path: string) => `http://${mark}:${mark}@127.0.0.1:${path}`;
  return {
    ...withSqlite,
    LLM_PROVIDERS: 'mine, dead, lost',
    LLM_MINE_PROVIDER: 'openai',
    LLM_MINE_BASE_URL: at(`${port}/v1`),
    LLM_DEAD_PROVIDER: 'openai',
    LLM_DEAD_BASE_URL: at(`9/v1?key=${mark}`),
    LLM_LOST_PROVIDER: 'openai',
    LLM_LOST_BASE_URL: at(`${port}/${mark}?key=${mark}`),
    LLM_LOST_API_KEY: mark,
  };
}

async function photographed(url: string, count: number): Promise<string> {
  const replies = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const value = Buffer.concat([sampleBytes('cat.jpg'), Buffer.from(String(index))]);
      const body = formOf([{ name: 'image', value }]);
      const headers = { authorization: `Bearer ack_${mark}`, 'x-user-id': 'anna' };
      return (await fetch(`${url}/api/v1/classify?key=${mark}`, { method: 'POST', body, headers })).text();
    }),
  );
  return replies.join('\n');
}

const pages = [
  '/api/v1/health',
  '/api/v2/health',
  '/health/ready',
  '/metrics',
  '/openapi.json',
  '/ops',
  '/ops/app.js',
  '/api/v1/stats/today',
  '/api/v1/stats/cache',
  '/api/v1/stats/inference-method',
  '/api/v1/feedback',
];

async function toldOn(url: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const answers = await Promise.all(
    pages.map(async (page) => {
      const response = await fetch(`${url}${page}`, { headers });
      expect([page, response.status]).toEqual([page, 200]);
      return response.text();
    }),
  );
  const events = await fetch(`${url}/ops/events`, { headers });
  const reader = events.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  expect(value?.length).toBeGreaterThan(100);
  return [...answers, new TextDecoder().decode(value)].join('\n');
}

test('a service in all kinds of trouble tells no secret, at any level of its log', async () => {
  const service = await spawnService({ ...(await environment()), LOG_LEVEL: 'trace' });
  await expect.poll(service.output, { timeout: 60_000 }).toContain('Try it');
  const answers = await photographed(service.url, 9);
  const told = await toldOn(service.url);
  service.child.kill('SIGTERM');
  expect(await service.exited).toEqual([0, null]);
  for (const text of [answers, told, service.output()]) {
    expect(text.length).toBeGreaterThan(500);
    expect(text).not.toContain(mark);
  }
  expect(service.output()).toContain('bad_key');
}, 90_000);

longTest(
  'nor in a terminal, with a banner and a database that refuses the password',
  async ({ skip }) => {
    if (spawnSync('script', ['--version']).error) skip('there is no script(1) to make a terminal with');
    const folder = mkdtempSync(join(tmpdir(), 'album-secrets-'));
    const port = await freePort();
    const child = spawn('script', ['-qfec', `exec ${process.execPath} src/main.ts`, '/dev/null'], {
      env: {
        PATH: process.env.PATH,
        INFERENCE_PROCESSES: '1',
        LOG_LEVEL: 'trace',
        ...(await environment()),
        DATABASE_URL: secretEnvironment.DATABASE_URL,
        APP_HOST: '127.0.0.1',
        APP_PORT: String(port),
        SQLITE_FILE: join(folder, 'album.db'),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true });
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    await expect.poll(() => output, { timeout: 60_000 }).toContain('Try it');
    expect(await photographed(`http://127.0.0.1:${port}`, 3)).not.toContain(mark);
    expect(output).toContain('store is down');
    expect(output).toContain('bad_key');
    expect(output).not.toContain(mark);
  },
  90_000,
);

longTest(
  'no command tells a secret',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'album-secrets-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const photo = join(process.cwd(), 'docs/samples/cat.jpg');
    const vendor = await environment();
    const runs = [
      [['--help'], secretEnvironment],
      [['check-config'], { ...secretEnvironment, LLM_PROVIDERS: 'mine', LLM_MINE_PROVIDER: 'openai' }],
      [['keys', 'list'], secretEnvironment],
      [['check-llm'], vendor],
      [['classify', photo, '--no-journal', '--json'], vendor],
    ] as const;
    for (const [args, own] of runs) {
      const { out, err } = await runCli(folder, args, own);
      expect(out + err).not.toBe('');
      expect([...args, out, err].join('\n')).not.toContain(mark);
    }
  },
  90_000,
);

test('no start that fails tells a secret', async () => {
  const wrong = Object.fromEntries(Object.keys(secretEnvironment).map((name) => [name, wrongForms[2] ?? '']));
  const service = await spawnService(wrong);
  expect(await service.exited).toEqual([1, null]);
  expect(service.output()).toMatch(/The configuration has \d+ problem/);
  expect(service.output()).not.toContain(mark);
  for (const one of [{ LLM_API_KEY: `${mark}é` }, { LLM_BUDGET_DAILY: '1', LLM_MODEL: 'nobodys' }]) {
    const config = configFrom({ ...withSqlite, ...one, STRATEGY: 'llm-only' });
    const start = () => openServices(config, pino({ level: 'silent' }));
    expect(start).toThrow(ConfigError);
    expect(start).not.toThrow(mark);
  }
}, 60_000);
