import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Costs, type Load, needsOf } from '../../bench/capacity-model.ts';

const costs: Costs = {
  lookupMs: { hit: 0.2, miss: 0.1 },
  uploadMs: 4,
  uploadMsPerMegabyte: 10,
  decodeMs: 10,
  decodeMsPerMegapixel: 5,
  database: { msPerLookup: 0.1, msPerPhoto: 1, statementsPerLookup: 0.5, statementsPerPhoto: 4 },
  bytesPerResult: 500,
  bytesPerRecord: 200,
  serverMegabytes: 300,
  decoderMegabytes: 200,
};

const load: Load = {
  rate: 1000,
  hits: 0.7,
  photos: 100e6,
  megapixels: 2,
  megabytes: 0.5,
  cores: 4,
  callSeconds: 2,
  vendorRate: 100,
  pricePerThousand: 0.1,
  retentionDays: 10,
  hitRecords: 10,
};

test('needs follow from the costs of single operations', () => {
  const needs = needsOf(load, costs);
  expect(needs).toMatchObject({
    // 700 hits × 0.2 ms + 300 misses × 0.1 ms + 300 uploads × (4 + 0.5 × 10) ms
    serverCores: expect.closeTo(2.87),
    // 300 × (10 + 2 × 5) ms
    decoderCores: expect.closeTo(6),
    databaseCores: expect.closeTo(0.4),
    // 8.87 cores at 70 % of 4
    replicas: 4,
    megabytesPerReplica: 2000,
    statementsPerSecond: expect.closeTo(1700),
    llmCallsPerSecond: expect.closeTo(300),
    llmCallsAtOnce: expect.closeTo(600),
    moneyPerDay: expect.closeTo(2592),
  });
  // 100 million results, and ten days of records of 300 uploads and every tenth of 700 hits.
  expect(needs.databaseGigabytes).toBeCloseTo(50 + (370 * 86_400 * 10 * 200) / 1e9);
});

test('what gives way first is the limit with the largest share', () => {
  const first = (changes: Partial<Load>) => needsOf({ ...load, ...changes }, costs).limits[0]?.name;
  expect(first({})).toBe('cores of one replica');
  expect(first({ vendorRate: 10 })).toBe('calls that the vendor accepts');
  expect(first({ cores: 1000, vendorRate: 1e6 })).toBe('cores of the database');
});

test('nothing needs nothing but one replica', () => {
  expect(needsOf({ ...load, rate: 0, photos: 0 }, costs)).toMatchObject({
    replicas: 1,
    serverCores: 0,
    databaseGigabytes: 0,
  });
});

test('the command prints the needs, and refuses what is no number', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['bench/capacity.ts', ...args], { encoding: 'utf8' });
  const { load: read, needs } = JSON.parse(run('--photos', '100e6', '--rate', '1000', '--json').stdout);
  expect([read.photos, read.rate, needs.llmCallsPerSecond]).toEqual([100e6, 1000, expect.closeTo(300)]);
  expect(run('--rate', '1000', '--hits', '0.7').stdout).toContain(
    'Gives way first  calls that the vendor accepts, at 167 photos/s (this load: 1,000 photos/s)',
  );
  expect(run('--rate', 'many')).toMatchObject({ status: 2, stderr: '--rate must be a number from 0\n' });
  expect(run('--hits', '70').stderr).toBe('--hits must be a number from 0 to 1\n');
  expect(run('--photo', '3').stderr).toMatch(/^Unknown option '--photo'\. All options: --photos /);
});
