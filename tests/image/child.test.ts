import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from '../../src/image/pool/pool.ts';
import { readManifest } from '../../src/local/manifest.ts';
import { albumManifest, closePools, jobOf, longContext, realPool, until } from '../support/pools.ts';
import { colourProbabilities, writeColourModel } from '../support/tiny-model.ts';

const samples = readFileSync('docs/samples/samples.tsv', 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t') as [file: string, category: string]);
const sample = (file: string) => readFileSync(join('docs/samples', file));

describe('a child with the bundled model', () => {
  let pool: Pool;
  beforeAll(() => {
    pool = realPool();
  });
  afterAll(closePools);

  it.each(samples)('knows %s as %s, beside a rendition and without', async (file, category) => {
    const { labels, golden } = readManifest(albumManifest);
    for (const rendition of [true, false]) {
      const { probabilities = [] } = await pool.analyse(jobOf(sample(file), { rendition }), longContext());
      expect(labels[probabilities.indexOf(Math.max(...probabilities))]).toBe(category);
      const expected = golden.cases.find(({ image }) => image.endsWith(file.replace('.jpg', '.png')));
      for (const [at, probability] of (expected?.probabilities ?? []).entries())
        expect(Math.abs((probabilities[at] ?? 0) - probability)).toBeLessThan(0.02);
    }
  });

  it('leaves no trace outside, and reports nothing over the network', async () => {
    const home = mkdtempSync(join(tmpdir(), 'child-home-'));
    try {
      const watched = realPool({ childEnv: { HOME: home, XDG_CACHE_HOME: home, TMPDIR: home } });
      await watched.analyse(jobOf(sample('cat.jpg')), longContext());
      await watched.close();
      expect(readdirSync(home, { recursive: true })).toEqual([]);
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it('leaves out what is not wanted', async () => {
    const wants = { rendition: true, infer: false };
    const analysis = await pool.analyse(jobOf(sample('cat.jpg'), wants), longContext());
    expect(analysis.probabilities).toBeUndefined();
    expect((await sharp(analysis.rendition).metadata()).width).toBe(451);
  });

  it('infers much the same from the rendition', async () => {
    const cat = jobOf(sample('cat.jpg'), { rendition: true });
    const { probabilities = [], rendition } = await pool.analyse(cat, longContext());
    const again = {
      ...cat,
      kind: 'inference',
      bytes: rendition,
      wants: { rendition: false, infer: true },
    } as const;
    const { probabilities: fromRendition = [] } = await pool.analyse(again, longContext());
    expect(fromRendition).toHaveLength(probabilities.length);
    for (const [label, probability] of probabilities.entries())
      expect(fromRendition[label]).toBeCloseTo(probability, 1);
  });

  it('refuses what is damaged and goes on', async () => {
    const [pid] = pool.status().pids;
    const damaged = sample('cat.jpg').subarray(0, 20_000);
    await expect(pool.analyse(jobOf(damaged), longContext())).rejects.toMatchObject({
      code: 'truncated_image',
    });
    expect(pool.status().pids).toEqual([pid]);
  });

  it('has no other loader: even what is called a JPEG is not read as SVG or TIFF', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    const tiff = await sharp(sample('cat.jpg')).tiff().toBuffer();
    for (const bytes of [svg, tiff])
      await expect(pool.analyse(jobOf(bytes), longContext())).rejects.toMatchObject({
        code: 'undecodable_image',
      });
  });

  it('loses no other photos when it is killed at work', async () => {
    const work = Array.from({ length: 12 }, () => pool.analyse(jobOf(sample('coffee.jpg')), longContext()));
    await until(() => pool.status().busy === 1);
    process.kill(pool.status().pids[0] ?? 0, 'SIGKILL');
    expect(await Promise.all(work)).toHaveLength(12);
  });
});

describe('a child with another model', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'model-'));
  });
  afterEach(closePools);
  afterAll(() => rmSync(folder, { recursive: true }));

  const start = async (manifestFile: string) => {
    const pool = realPool({}, { manifestFile });
    await pool.ready();
    return pool;
  };
  const analyseCat = (pool: Pool) =>
    pool.analyse(jobOf(sample('cat.jpg'), { rendition: true }), longContext());

  it('prepares photos as that model’s manifest says', async () => {
    const pool = await start(await writeColourModel(join(folder, 'good')));
    const rgb: [number, number, number] = [200, 30, 100];
    const photo = sharp({ create: { width: 300, height: 900, channels: 3, background: `rgb(${rgb})` } });
    for (const rendition of [true, false]) {
      const { probabilities = [] } = await pool.analyse(
        jobOf(await photo.png().toBuffer(), { rendition }),
        longContext(),
      );
      const expected = colourProbabilities(rgb);
      expect(probabilities).toHaveLength(3);
      for (const [at, probability] of probabilities.entries())
        expect(probability).toBeCloseTo(expected[at] ?? 0, 4);
    }
  });

  it.each([
    ['is not there', async () => join(folder, 'none', 'manifest.json'), /can't be read/],
    ['has another hash', () => writeColourModel(join(folder, 'hash'), { sha256: 'a'.repeat(64) }), /SHA-256/],
    [
      'gives other answers than its golden ones',
      () =>
        writeColourModel(join(folder, 'golden'), {
          golden: { tolerance: 0.01, cases: [{ input: 'brown.png', probabilities: [1, 0, 0] }] },
        }),
      /golden input brown.png/,
    ],
  ])('that %s still decodes, and says what is wrong', async (_, manifest, reason) => {
    const pool = await start(await manifest());
    expect(pool.status()).toMatchObject({ ready: 1, modelError: expect.stringMatching(reason) });
    const { probabilities, rendition } = await analyseCat(pool);
    expect(probabilities).toBeUndefined();
    expect(rendition.length).toBeGreaterThan(1000);
  });
});
