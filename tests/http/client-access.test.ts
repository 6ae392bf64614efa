import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AccessError, UnavailableError } from '../../src/errors.ts';
import { openApiKeyRing } from '../../src/http/access/api-keys.ts';
import type { ApiKey } from '../../src/store/api-key-store.ts';
import { sha256Of } from '../contracts/rows.ts';
import { formOf, get, post, sampleBytes, startApp } from '../support/app.ts';
import { longTest } from '../support/long-test.ts';

const secret = 'S'.repeat(32);
const row: ApiKey = { id: '0123456789ab', name: 'phone', secretSha256: sha256Of(secret), createdAt: 1 };
const given = `ack_${row.id}_${secret}`;

describe('a ring of keys', () => {
  function ringOf(rows: ApiKey[]) {
    const clock = { at: 1000, lists: 0, isDown: false };
    const list = async () => {
      clock.lists += 1;
      if (clock.isDown)
        throw new UnavailableError(
          'store_unavailable',
          'The store cannot be used at the moment; try again later.',
        );
      return rows;
    };
    return { ring: openApiKeyRing({ keys: { list }, believedMs: 100, now: () => clock.at }), clock, rows };
  }
  const refused = async (check: Promise<unknown>) => {
    const error = await check.catch((one: unknown) => one);
    expect(error).toBeInstanceOf(AccessError);
    return (error as AccessError).message;
  };

  test('accepts a key, and answers the same to anything else', async () => {
    const { ring } = ringOf([row]);
    expect(await ring.check(given)).toEqual(row);
    const wrong = [
      `ack_${row.id}_${'T'.repeat(32)}`,
      `ack_ffffffffffff_${secret}`,
      `ack_${row.id}_`,
      `ack_ffffffffffff_${'0'.repeat(32)}`,
      '',
      'x'.repeat(10_000),
    ];
    const answers = await Promise.all(wrong.map((one) => refused(ring.check(one))));
    expect(new Set(answers)).toEqual(new Set(['The API key is not valid.']));
  });

  test('refuses a revoked key, and tells the holder of an expired one', async () => {
    const { ring, clock, rows } = ringOf([{ ...row, expiresAt: 2000 }]);
    await ring.check(given);
    clock.at = 2000;
    expect(await refused(ring.check(given))).toContain('expired');
    expect(await refused(ring.check(`ack_${row.id}_${'T'.repeat(32)}`))).toBe('The API key is not valid.');
    rows[0] = { ...row, revokedAt: 2050 };
    clock.at = 2200;
    await ring.check(given).catch(() => {});
    await new Promise(setImmediate);
    expect(await refused(ring.check(given))).toBe('The API key is not valid.');
  });

  test('refuses a revoked key as soon after the clock was set back', async () => {
    const { ring, clock, rows } = ringOf([row]);
    clock.at = 90_000_000;
    await ring.check(given);
    rows[0] = { ...row, revokedAt: 1000 };
    clock.at = 1000;
    await ring.check(given).catch(() => {});
    await new Promise(setImmediate);
    expect(await refused(ring.check(given))).toBe('The API key is not valid.');
  });

  test('asks the store now and then, however many wrong keys come', async () => {
    const { ring, clock } = ringOf([row]);
    for (let index = 0; index < 10_000; index += 1) {
      const id = index.toString(16).padStart(12, '0');
      await refused(ring.check(`ack_${id}_${'T'.repeat(32)}`));
    }
    expect(clock.lists).toBe(1);
  });

  test('lives on what it knows while the store is down, but knows nothing before it was up', async () => {
    const { ring, clock } = ringOf([row]);
    clock.isDown = true;
    await expect(ring.check(given)).rejects.toBeInstanceOf(UnavailableError);
    clock.isDown = false;
    clock.at += 200;
    await ring.check(given);
    clock.isDown = true;
    clock.at += 200;
    expect(await ring.check(given)).toEqual(row);
  });
});

describe('clients', () => {
  let app: Awaited<ReturnType<typeof startApp>>;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'album-keys-'));
  });
  afterEach(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });
  const file = () => join(folder, 'album.db');
  const cli = async (...words: string[]) => {
    const env = { PATH: process.env.PATH, SQLITE_FILE: file() };
    return (await promisify(execFile)(process.execPath, ['src/cli.ts', 'keys', ...words], { env })).stdout;
  };
  const ask = (headers: Record<string, string> = {}) =>
    post(`${app.url}/api/v1/classify/check-cache`, { image_hash: 'a'.repeat(64) }, headers);

  test('need a key where one is required: made, listed and revoked by the command line', async () => {
    const key = (await cli('create', 'my phone', '30', '2')).trim();
    const id = key.split('_')[1] ?? '';
    const listed = await cli('list');
    expect(listed).toContain(`${id}  my phone`);
    expect(listed).toContain('2 a minute');
    expect(listed).not.toContain(key.split('_')[2]);
    app = await startApp({ SQLITE_FILE: file(), API_KEYS: 'required', OPS_TOKEN: 'ops' });
    const missing = await ask();
    expect([missing.status, missing.body.code]).toEqual([401, 'unauthorized']);
    expect((await ask({ 'x-api-key': 'ack_wrong' })).status).toBe(401);
    expect((await post(`${app.url}/api/v1/classify/check-cache?api_key=${key}`, {})).status).toBe(401);
    expect((await ask({ 'x-api-key': key })).status).toBe(200);
    expect((await ask({ authorization: `Bearer ${key}` })).status).toBe(200);
    const over = await ask({ 'x-api-key': key });
    expect([over.status, over.body.code]).toEqual([429, 'quota_exceeded']);
    expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.stringify(over.body)).not.toContain(id);
    expect((await get(`${app.url}/api/v1/health`)).status).toBe(200);
    // A client's key opens nothing of the operators'.
    const ops = await get(`${app.url}/api/v1/stats/today`, { authorization: `Bearer ${key}` });
    expect(ops.status).toBe(401);
    expect(await cli('revoke', id)).toContain('is revoked');
    expect(await cli('list')).toContain('revoked');
    // Four processes of the command line, each with its start.
  }, 60_000);

  test('may come without a key where it is optional, but not with a wrong one', async () => {
    app = await startApp({ SQLITE_FILE: file(), API_KEYS: 'optional' });
    expect((await ask()).status).toBe(200);
    expect((await ask({ 'x-api-key': given })).status).toBe(401);
  });

  longTest(
    'with an expired key are told so, and with ten thousand wrong ones the same each time',
    async () => {
      app = await startApp({ SQLITE_FILE: file(), API_KEYS: 'required', OPS_TOKEN: 'ops' });
      await app.services.apiKeys.save({ ...row, expiresAt: 2 });
      const expired = await ask({ 'x-api-key': given });
      expect([expired.status, expired.body.code]).toEqual([401, 'unauthorized']);
      expect(expired.body.detail).toContain('expired');
      expect(JSON.stringify(expired.body)).not.toMatch(new RegExp(`${row.id}|${secret}`));

      const guesses = Array.from({ length: 10_000 }, (_, index) => {
        const id = index % 2 === 0 ? row.id : index.toString(16).padStart(12, '0');
        return `ack_${id}_${String(index).padStart(32, 'T')}`;
      });
      const answers = new Set<string>();
      const guess = async () => {
        for (let key = guesses.pop(); key !== undefined; key = guesses.pop()) {
          const { status, body } = await ask({ 'x-api-key': key });
          answers.add(`${status} ${body.code} ${body.detail}`);
        }
      };
      await Promise.all(Array.from({ length: 20 }, guess));
      expect([...answers]).toEqual(['401 unauthorized The API key is not valid.']);
      const { body: metrics } = await get(`${app.url}/metrics`, { authorization: 'Bearer ops' });
      expect(metrics).not.toContain('TTTT');
      // Ten thousand answers take a while on a busy machine.
    },
    180_000,
  );

  test('of different apps never meet, whatever their user ids; of one app they do, by a new key too', async () => {
    app = await startApp({ SQLITE_FILE: file(), API_KEYS: 'optional', OPS_TOKEN: 'ops' });
    const keys = ['an app', 'another app', 'an app'].map((name, index) => {
      const id = `00000000000${index}`;
      return { key: `ack_${id}_${secret}`, row: { ...row, id, name } };
    });
    for (const { row } of keys) await app.services.apiKeys.save(row);
    const original = 'ab'.repeat(32);
    const [one, another, renewed] = keys.map(({ key }) => ({ 'x-api-key': key, 'x-user-id': 'anna' }));
    const nobodys = { 'x-user-id': 'anna' };
    const upload = (headers = {}) =>
      post(
        `${app.url}/api/v1/classify`,
        formOf([
          { name: 'image', value: sampleBytes('cat.jpg') },
          { name: 'image_hash', value: original },
        ]),
        headers,
      );
    const knows = async (headers = {}) =>
      (await post(`${app.url}/api/v1/classify/check-cache`, { image_hash: original }, headers)).body.cached;
    expect((await upload(one)).status).toBe(200);
    expect(await Promise.all([one, renewed, another, nobodys].map(knows))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    await upload(nobodys);
    expect(await Promise.all([another, nobodys].map(knows))).toEqual([false, true]);
    const say = { image_hash: original, category: 'foods' };
    await post(`${app.url}/api/v1/feedback`, say, one);
    const forgotten = await post(
      `${app.url}/api/v1/forget`,
      { user_id: 'anna' },
      { authorization: 'Bearer ops' },
    );
    // Two claims on the original, and what the feedback says of the bytes themselves.
    expect(forgotten.body.deleted).toMatchObject({ claims: 3, feedback: 1, photos: 2, days: 3 });
    expect(await Promise.all([one, renewed, nobodys].map(knows))).toEqual([false, false, false]);
  });

  test('are counted by user and by network, each for itself', async () => {
    app = await startApp({ SQLITE_FILE: file(), RATE_LIMIT_USER: '2', RATE_LIMIT_NETWORK: '6' });
    const statuses = async (times: number, headers: Record<string, string>) => {
      const answers: number[] = [];
      for (let index = 0; index < times; index += 1) answers.push((await ask(headers)).status);
      return answers;
    };
    expect(await statuses(3, { 'x-user-id': 'anna' })).toEqual([200, 200, 429]);
    expect(await statuses(3, { 'x-user-id': 'bert' })).toEqual([200, 200, 429]);
    // Requests refused for the user do not count for the network.
    expect(await statuses(3, {})).toEqual([200, 200, 429]);
    expect((await get(`${app.url}/health/live`)).status).toBe(200);
  });

  test('are not counted at all unless that is configured', async () => {
    app = await startApp({ SQLITE_FILE: file() });
    const answers = await Promise.all(Array.from({ length: 300 }, () => ask({ 'x-user-id': 'anna' })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });
});
