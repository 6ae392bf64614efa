import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifest } from '../../src/local/manifest.ts';
import { writeColourModel } from '../support/tiny-model.ts';

describe("a model's manifest", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'model-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('of the bundled model says how photos are prepared', () => {
    const manifest = readManifest('models/album9/manifest.json');
    expect(manifest).toMatchObject({
      name: 'album9',
      model: expect.stringMatching(/^album9@\d/),
      file: resolve('models/album9/model.onnx'),
      tensor: { name: 'image', type: 'uint8', layout: 'NHWC', shape: [1, 256, 256, 3] },
      input: {
        widthPx: 256,
        heightPx: 256,
        fit: 'contain',
        kernel: 'linear',
        background: { r: 0, g: 0, b: 0 },
      },
      thresholds: { sure: { foods: 0.77 }, suspect: { idcard: 0.02 } },
    });
    expect(manifest.labels).toHaveLength(9);
    expect(manifest.golden.cases).toHaveLength(5);
    expect(manifest.tensor.normalisation).toBeUndefined();
  });

  it('of another model is read by the same words', async () => {
    expect(readManifest(await writeColourModel(folder))).toMatchObject({
      tensor: { type: 'float32', layout: 'NCHW', normalisation: { mean: [0.5, 0.4, 0.3] } },
      input: { widthPx: 32, heightPx: 32, fit: 'cover', kernel: 'cubic' },
    });
  });

  it('may do without golden inputs and thresholds', async () => {
    const path = await writeColourModel(folder, { golden: undefined });
    expect(readManifest(path)).toMatchObject({
      golden: { cases: [] },
      thresholds: { sure: {}, suspect: {} },
    });
  });

  it.each([
    ['a missing name', { name: undefined }, '`name`'],
    ['a version of several words', { version: 'the new one' }, '`version`'],
    ['a short hash', { sha256: 'abc' }, '`sha256`'],
    ['labels that repeat', { labels: ['a', 'a', 'b'] }, '`labels`'],
    ['as many outputs as there are no labels', { labels: ['a', 'b'] }, '`outputs.probabilities.shape`'],
    ['no input', { input: null }, '`input`'],
    ['a threshold of no label', { thresholds: { sure: { cats: 0.5 } } }, 'cats'],
    [
      'a golden case that is too short',
      { golden: { tolerance: 0.1, cases: [{ input: 'a.png', probabilities: [1] }] } },
      'cases[0]',
    ],
  ])('is refused for %s', async (_, changes, named) => {
    const path = await writeColourModel(folder, changes);
    expect(() => readManifest(path)).toThrow(named);
  });

  it('is refused with everything that is wrong with its input', async () => {
    const input = {
      name: 'x',
      type: 'int8',
      shape: [2, 3, 32, 32],
      layout: 'CHWN',
      resize: { fit: 'inside', kernel: 'bicubic', background: [0] },
      normalisation: { mean: [0, 0, 0], std: [1, 0, 1] },
    };
    const path = await writeColourModel(folder, { input });
    for (const word of ['type', 'layout', 'shape', 'fit', 'kernel', 'background', 'normalisation'])
      expect(() => readManifest(path)).toThrow(word);
  });

  it('is refused where it is no JSON or not there', () => {
    writeFileSync(join(folder, 'manifest.json'), '{');
    expect(() => readManifest(join(folder, 'manifest.json'))).toThrow(/is no JSON/);
    expect(() => readManifest(join(folder, 'none.json'))).toThrow(/can't be read/);
    writeFileSync(join(folder, 'manifest.json'), '[]');
    expect(() => readManifest(join(folder, 'manifest.json'))).toThrow(/JSON object/);
  });
});
