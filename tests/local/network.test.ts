import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkGolden } from '../../src/local/golden.ts';
import { type Manifest, readManifest } from '../../src/local/manifest.ts';
import { openNetwork } from '../../src/local/network.ts';
import { tensorOf } from '../../src/local/tensor.ts';
import { albumManifest } from '../support/pools.ts';
import { colourProbabilities, writeColourModel } from '../support/tiny-model.ts';

describe('a network', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'model-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives the golden answers of the bundled model', async () => {
    const manifest = readManifest(albumManifest);
    await checkGolden(await openNetwork(manifest), manifest);
  });

  it('of the bundled model notices swapped channels by its golden inputs', async () => {
    const manifest = readManifest(albumManifest);
    const network = await openNetwork(manifest);
    const swapped = {
      probabilitiesOf: async (pixels: Buffer) =>
        network.probabilitiesOf(
          await sharp(pixels, { raw: { width: 256, height: 256, channels: 3 } })
            .recomb([
              [0, 0, 1],
              [0, 1, 0],
              [1, 0, 0],
            ])
            .raw()
            .toBuffer(),
        ),
    };
    await expect(checkGolden(swapped, manifest)).rejects.toThrow(/golden input undecided.png/);
  });

  it('of another kind runs as its manifest says', async () => {
    const manifest = readManifest(await writeColourModel(folder));
    const network = await openNetwork(manifest);
    await checkGolden(network, manifest);
    const rgb: [number, number, number] = [200, 30, 100];
    const pixels = Buffer.from(Array.from({ length: 32 * 32 }, () => rgb).flat());
    const expected = colourProbabilities(rgb);
    const actual = await network.probabilitiesOf(pixels);
    for (const [at, probability] of actual.entries()) expect(probability).toBeCloseTo(expected[at] ?? 0, 5);
  });

  it('is refused when its file is missing, or is not the one that was described', async () => {
    const manifest = readManifest(await writeColourModel(folder));
    await expect(openNetwork({ ...manifest, file: join(folder, 'none.onnx') })).rejects.toThrow(
      /cannot be read/,
    );
    appendFileSync(manifest.file, '\0');
    await expect(openNetwork(manifest)).rejects.toThrow(/SHA-256/);
  });

  it('is refused when it lacks the input or the labels that the manifest names', async () => {
    const manifest = readManifest(await writeColourModel(folder));
    const misnamed = { ...manifest, tensor: { ...manifest.tensor, name: 'picture' } };
    await expect(openNetwork(misnamed)).rejects.toThrow(/no input picture/);
    const longer: Manifest = { ...manifest, labels: ['a', 'b', 'c', 'd'] };
    await expect((await openNetwork(longer)).probabilitiesOf(Buffer.alloc(3072))).rejects.toThrow(/not 4/);
  });

  it('refuses pixels of another size', async () => {
    const network = await openNetwork(readManifest(await writeColourModel(folder)));
    await expect(network.probabilitiesOf(Buffer.alloc(12))).rejects.toThrow(/3072 values, not 12/);
  });
});

describe('pixels as a tensor', () => {
  const pixels = Buffer.from([0, 51, 102, 153, 204, 255]);
  const form = { name: 'x', shape: [1, 1, 2, 3] };

  it('stay as they are for uint8, channels last', () => {
    expect([...(tensorOf(pixels, { ...form, type: 'uint8', layout: 'NHWC' }).data as Uint8Array)]).toEqual([
      ...pixels,
    ]);
  });

  it('are put in planes for channels first', () => {
    const planes = tensorOf(pixels, { ...form, shape: [1, 3, 1, 2], type: 'uint8', layout: 'NCHW' });
    expect([...(planes.data as Uint8Array)]).toEqual([0, 153, 51, 204, 102, 255]);
  });

  it('are scaled to 0..1 and normalised by channel, whatever the layout', () => {
    const normalisation = { mean: [0, 0.2, 0.4], std: [1, 0.5, 0.25] };
    const last = tensorOf(pixels, { ...form, type: 'float32', layout: 'NHWC', normalisation });
    const expected = [0, 0, 0, 0.6, 1.2, 2.4];
    for (const [at, value] of [...(last.data as Float32Array)].entries())
      expect(value).toBeCloseTo(expected[at] ?? 0, 5);
    const first = tensorOf(pixels, {
      ...form,
      shape: [1, 3, 1, 2],
      type: 'float32',
      layout: 'NCHW',
      normalisation,
    });
    const planes = [0, 0.6, 0, 1.2, 0, 2.4];
    for (const [at, value] of [...(first.data as Float32Array)].entries())
      expect(value).toBeCloseTo(planes[at] ?? 0, 5);
  });

  it('keep 0..255 as floats where the graph normalises', () => {
    expect([
      ...(tensorOf(pixels, { ...form, type: 'float32', layout: 'NHWC' }).data as Float32Array),
    ]).toEqual([...pixels]);
  });
});

it('the bundled model file is the one its manifest describes', () => {
  expect(readFileSync('models/album9/model.onnx').length).toBe(
    JSON.parse(readFileSync(albumManifest, 'utf8')).size_bytes,
  );
});
