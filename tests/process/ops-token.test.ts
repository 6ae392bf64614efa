import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { configFrom } from '../../src/config.ts';
import { openOpsToken } from '../../src/process/ops-token.ts';
import { get } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { spawnService, startServiceProcess } from '../support/service-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-token-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, 'data', 'ops-token');
const open = (environment: Record<string, string> = {}) =>
  openOpsToken(configFrom({ SQLITE_FILE: join(folder, 'data', 'album.db'), ...environment }));
const held = () => readFileSync(file(), 'utf8').trim();

describe('the token of operators', () => {
  test('is made where others than this machine can reach the service, for its owner’s eyes only', () => {
    const first = open();
    expect(first).toEqual({ rule: { kind: 'token', tokens: held() }, file: file() });
    expect(held()).toMatch(/^[\w-]{43}$/);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'data'))).toEqual(['ops-token']);
    expect(open()).toEqual(first);
    // From then on: on loopback too.
    expect(open({ APP_HOST: '127.0.0.1' })).toEqual(first);
  });

  test.each([
    [{ APP_HOST: '0.0.0.0' }, 'token'],
    [{ APP_HOST: '::' }, 'token'],
    [{ APP_HOST: '192.168.1.5' }, 'token'],
    [{ APP_HOST: 'photos.lan' }, 'token'],
    [{ APP_HOST: '127.0.0.1.example' }, 'token'],
    [{ APP_HOST: '127.0.0.1', TRUST_PROXY: '1' }, 'token'],
    [{ APP_HOST: '127.0.0.1', OPS_TOKEN: ' , ' }, 'loopback'],
    [{ APP_HOST: '127.0.0.1' }, 'loopback'],
    [{ APP_HOST: '127.8.9.10' }, 'loopback'],
    [{ APP_HOST: '::1' }, 'loopback'],
    [{ APP_HOST: 'localhost' }, 'loopback'],
  ])('with %o goes by %s', (environment, kind) => {
    expect(open(environment).rule.kind).toBe(kind);
    expect(readdirSync(folder)).toEqual(kind === 'token' ? ['data'] : []);
  });

  test('is the configured one where there is one, and no file is made', () => {
    expect(open({ OPS_TOKEN: 'mine' })).toEqual({ rule: { kind: 'token', tokens: 'mine' } });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is missing, and no caller is accepted, if the file can’t be written or is empty', () => {
    writeFileSync(join(folder, 'data'), 'no folder');
    expect(open()).toMatchObject({ rule: { kind: 'closed' }, problem: expect.stringContaining('ENOTDIR') });
    rmSync(join(folder, 'data'));
    mkdirSync(file(), { recursive: true });
    expect(open()).toMatchObject({ rule: { kind: 'closed' }, problem: expect.stringContaining('EISDIR') });
    rmSync(file(), { recursive: true });
    for (const text of ['', '\n', ' ,\n']) {
      writeFileSync(file(), text);
      expect(open({ APP_HOST: '127.0.0.1' })).toMatchObject({ rule: { kind: 'closed' } });
    }
  });

  test('is one for all processes that start on one folder at once', async () => {
    const script = `
      import { openOpsToken } from ${JSON.stringify(join(process.cwd(), 'src/process/ops-token.ts'))};
      import { configFrom } from ${JSON.stringify(join(process.cwd(), 'src/config.ts'))};
      const config = configFrom({ SQLITE_FILE: ${JSON.stringify(join(folder, 'data', 'album.db'))} });
      process.stdin.once('data', () => { process.stdout.write(openOpsToken(config).rule.tokens); process.exit(0); });
      process.stdout.write('ready ');
    `;
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    const outputs = children.map(() => '');
    children.forEach((child, index) => {
      child.stdout.on('data', (chunk) => (outputs[index] += chunk));
    });
    const ended = children.map((child) => once(child, 'close'));
    await expect.poll(() => outputs, { timeout: 15_000 }).toEqual(children.map(() => 'ready '));
    for (const child of children) child.stdin.write('go');
    await Promise.all(ended);
    expect(outputs).toEqual(children.map(() => `ready ${held()}`));
    expect(readdirSync(join(folder, 'data'))).toEqual(['ops-token']);
  });
});

// Processes start slowly on a busy machine.
describe('a service that others can reach', { timeout: 60_000 }, () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test('asks for the token in its folder, names the file, and never writes the token to a log', async () => {
    const SQLITE_FILE = join(folder, 'data', 'album.db');
    const environment = { APP_HOST: '0.0.0.0', SQLITE_FILE, WORKERS: '2', LOG_LEVEL: 'trace' };
    const service = await spawnService(environment);
    await service.ready(2);
    await expect.poll(service.output).toContain(`/ops (asks for the token in ${file()})`);
    for (let round = 0; round < 6; round += 1) {
      const refused = await get(`${service.url}/metrics`, { connection: 'close' });
      expect([refused.status, refused.body.code]).toEqual([401, 'unauthorized']);
      expect(refused.body.detail).toContain('ops-token');
      expect((await get(`${service.url}/metrics`, { connection: 'close', ...bearer(held()) })).status).toBe(
        200,
      );
    }
    expect(service.output()).not.toContain(held());
  });

  test('prints a link that signs in where a person reads it', async () => {
    const environment = {
      PATH: process.env.PATH,
      APP_PORT: String(await freePort()),
      SQLITE_FILE: join(folder, 'data', 'album.db'),
      INFERENCE_PROCESSES: '1',
      LLM_BASE_URL: 'http://127.0.0.1:9',
    };
    // `script` is a terminal to what it runs.
    const command = `exec ${process.execPath} src/main.ts`;
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const closed = once(terminal, 'close');
    onTestFinished(async () => {
      terminal.kill();
      await closed;
    });
    let output = '';
    terminal.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await expect.poll(() => output).toContain('Try it');
    expect(output).toContain(`/ops#token=${held()} (token from ${file()})`);
    expect(output).toContain('zh (DESCRIPTION_LANGUAGE)');
  });

  test('keeps the routes of operators closed where no token can be kept, and says how to open them', async () => {
    mkdirSync(file(), { recursive: true });
    const SQLITE_FILE = join(folder, 'data', 'album.db');
    const service = await startServiceProcess({ APP_HOST: '0.0.0.0', SQLITE_FILE });
    await expect.poll(service.output).toContain('stay closed');
    for (const path of ['/ops', '/metrics', '/api/v1/stats/today']) {
      const { status, body } = await get(service.url + path, bearer('anything'));
      expect([path, status]).toEqual([path, 403]);
      expect(body.detail).toMatch(/set OPS_TOKEN.*start the service again/);
      expect(body.detail).not.toContain(folder);
    }
  });
});
