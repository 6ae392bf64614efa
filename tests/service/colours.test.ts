import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FormPart, formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql, dropDatabase, mysqlRows, randomDatabase } from '../support/mysql.ts';

const coffee = sampleBytes('coffee.jpg');
const coffeeHash = createHash('sha256').update(coffee).digest('hex');
const onPhone = 'ab'.repeat(32);
const anna = { 'x-user-id': 'anna' };
const lines = { accept: 'application/x-ndjson' };
const image = (name: string, value = coffee): FormPart => ({ name, value });
const metadata = { items: [{ index: 0, image_uri: '', image_hash: onPhone }] };

interface Place {
  environment(): Record<string, string>;
  change(sql: string): Promise<unknown>;
}

function describeColours(place: Place): void {
  let fake: FakeLlm;
  let app: Awaited<ReturnType<typeof startApp>>;
  const start = async (environment: Record<string, string> = {}) => {
    app = await startApp({
      ...place.environment(),
      LLM_BASE_URL: fake.baseUrl,
      LLM_MODEL: 'eyes',
      NEAR_DUPLICATES: 'on',
      ...environment,
    });
  };
  /** Nothing is left in memory. */
  const restart = async () => {
    await app.close();
    await start();
  };
  beforeEach(async () => {
    fake = await startFakeLlm({ behave: { content: { category: 'foods', confidence: 0.9 } } });
  });
  afterEach(async () => {
    await app.close();
    await fake.close();
  });

  const send = async (path: string, body: FormData | object, headers: Record<string, string> = anna) =>
    (await post(`${app.url}${path}`, body, headers)).body;
  const upload = async (value = coffee) =>
    (await send('/api/v1/classify', formOf([image('image', value), { name: 'image_hash', value: onPhone }])))
      .data;
  const metadataPart = { name: 'image_metadata', value: JSON.stringify(metadata) };
  const first = (ndjson: string) => JSON.parse(ndjson.split('\n')[0] ?? '');

  /** What every route says of the photo, which is known. */
  async function told(): Promise<Record<string, string | undefined>> {
    const v1Batch = formOf([image('images')]);
    const v2Batch = () => formOf([metadataPart, image('images')]);
    const data = {
      classify: await upload(),
      batch: (await send('/api/v1/classify/batch', v1Batch)).items[0].data,
      'v2 batch': (await send('/api/v2/classify/batch', v2Batch())).results[0],
      lines: first(await send('/api/v2/classify/batch', v2Batch(), { ...anna, ...lines })),
      ...(await lookedUp()),
    };
    return Object.fromEntries(Object.entries(data).map(([route, one]) => [route, one.background_color]));
  }

  async function lookedUp() {
    return {
      'check-cache': (await send('/api/v1/classify/check-cache', { image_hash: coffeeHash })).data,
      'by its own hash': (await send('/api/v1/classify/check-cache', { image_hash: onPhone })).data,
      'batch-check-cache': (await send('/api/v1/classify/batch-check-cache', { image_hashes: [coffeeHash] }))
        .items[0].data,
      'v2 batch-check-cache': (await send('/api/v2/classify/batch-check-cache', metadata)).results[0],
    };
  }
  const everywhere = (colour: string | undefined) =>
    Object.fromEntries(
      [
        ...['classify', 'batch', 'v2 batch', 'lines'],
        ...['check-cache', 'by its own hash', 'batch-check-cache', 'v2 batch-check-cache'],
      ].map((route) => [route, colour]),
    );

  test('a colour comes with the LLM’s answer, and with every hit from memory and store', async () => {
    await start();
    expect((await upload()).background_color).toBe('橙色');
    expect(await told()).toEqual(everywhere('橙色'));
    await restart();
    expect(Object.values(await lookedUp()).map((one) => one.background_color)).toEqual(Array(4).fill('橙色'));
    expect(await told()).toEqual(everywhere('橙色'));
    const local = await send('/api/v1/local-classify', formOf([image('image')]));
    expect(local.data.background_color).toBe('橙色');
    expect(fake.calls).toHaveLength(1);
  });

  test('a result without one stays a hit, and has one from the next upload of its photo on', async () => {
    await start();
    await upload();
    await place.change('UPDATE results SET colour = NULL');
    await restart();
    expect(Object.values(await lookedUp())).toMatchObject(Array(4).fill({ category: 'foods' }));
    expect((await lookedUp())['by its own hash']).not.toHaveProperty('background_color');
    expect(await upload()).toMatchObject({ inference_method: 'cache', background_color: '橙色' });
    expect((await lookedUp())['check-cache'].background_color).toBe('橙色');
    await restart();
    expect((await lookedUp())['check-cache'].background_color).toBe('橙色');
    expect(fake.calls).toHaveLength(1);
  });

  longTest('what only stood in for a better answer has one, and so has the better one', async () => {
    await start({ PROVISIONAL_TTL: '0' });
    fake.behave({ status: 500, body: {} });
    expect(await upload()).toMatchObject({ degraded: true, background_color: '橙色' });
    fake.behave({ content: { category: 'foods', confidence: 0.9 } });
    expect(await upload()).toMatchObject({ inference_method: 'llm', background_color: '橙色' });
    expect((await lookedUp())['check-cache']).toMatchObject({ model: 'eyes', background_color: '橙色' });
  });

  test('a correction keeps it, and a near duplicate has it', async () => {
    await start();
    await upload();
    const copy = await sharp(coffee).resize(300).jpeg({ quality: 60 }).toBuffer();
    expect(await upload(copy)).toMatchObject({ inference_method: 'cache', background_color: '橙色' });
    expect(fake.calls).toHaveLength(1);
    await send('/api/v1/feedback', { image_hash: coffeeHash, category: 'pets' });
    expect((await lookedUp())['check-cache']).toMatchObject({ category: 'pets', background_color: '橙色' });
    expect(await upload()).toMatchObject({ category: 'pets', background_color: '橙色' });
  });
}

describe('colours on SQLite', () => {
  let folder: string;
  const file = () => join(folder, 'colours.db');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'album-colours-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  describeColours({
    environment: () => ({ SQLITE_FILE: file() }),
    async change(sql) {
      const database = new DatabaseSync(file());
      database.exec(sql);
      database.close();
    },
  });
});

describeWithMysql('colours on MySQL', (server) => {
  let database: string;
  beforeEach(() => {
    database = randomDatabase();
  });
  afterEach(() => dropDatabase(server, database));
  describeColours({
    environment: () => ({
      MYSQL_HOST: server.host,
      MYSQL_PORT: String(server.port),
      MYSQL_USER: server.user,
      MYSQL_PASSWORD: server.password,
      MYSQL_DATABASE: database,
    }),
    change: (sql) => mysqlRows(server, sql, database),
  });
});
