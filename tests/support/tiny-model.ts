import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

/** Wire format of Protocol Buffers, as far as a tiny ONNX file needs it. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
const number = (field: number, value: number) => Buffer.from([...varint(field << 3), ...varint(value)]);
const bytes = (field: number, value: string | Buffer) =>
  Buffer.concat([
    Buffer.from([...varint((field << 3) | 2), ...varint(Buffer.byteLength(value))]),
    Buffer.from(value),
  ]);
const message = (field: number, ...parts: Buffer[]) => bytes(field, Buffer.concat(parts));

const edge = 32;
const float32 = 1;

const node = (operator: string, input: string, output: string) =>
  message(1, bytes(1, input), bytes(2, output), bytes(4, operator));
const value = (field: 11 | 12, name: string, shape: readonly number[]) => {
  const dimensions = shape.map((size) => message(1, number(1, size)));
  return message(
    field,
    bytes(1, name),
    message(2, message(1, number(1, float32), message(2, ...dimensions))),
  );
};

/** Says which colour prevails: the softmax of the mean of each channel. Float32, channels first, normalised outside. */
function colourModel(): Buffer {
  const graph = message(
    7,
    node('GlobalAveragePool', 'photo', 'means'),
    node('Flatten', 'means', 'logits'),
    node('Softmax', 'logits', 'probabilities'),
    bytes(2, 'colours'),
    value(11, 'photo', [1, 3, edge, edge]),
    value(12, 'probabilities', [1, 3]),
  );
  return Buffer.concat([number(1, 8), graph, message(8, bytes(1, ''), number(2, 13))]);
}

export const colourNormalisation = { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.1] };

/** What the colour model says of a photo of one colour. */
export function colourProbabilities(rgb: readonly [number, number, number]): number[] {
  const { mean, std } = colourNormalisation;
  const powers = rgb.map((level, at) => Math.exp((level / 255 - (mean[at] ?? 0)) / (std[at] ?? 1)));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Writes the folder of a model that is nothing like the bundled one, and returns the path of its manifest. */
export async function writeColourModel(
  folder: string,
  changes: Record<string, unknown> = {},
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const model = colourModel();
  writeFileSync(join(folder, 'colours.onnx'), model);
  const golden: [number, number, number] = [120, 90, 60];
  const plain = sharp({ create: { width: edge, height: edge, channels: 3, background: `rgb(${golden})` } });
  writeFileSync(join(folder, 'brown.png'), await plain.png().toBuffer());
  const manifest = {
    name: 'colours',
    version: '1',
    file: 'colours.onnx',
    sha256: createHash('sha256').update(model).digest('hex'),
    labels: ['reddish', 'greenish', 'bluish'],
    input: {
      name: 'photo',
      type: 'float32',
      shape: [1, 3, edge, edge],
      layout: 'NCHW',
      resize: { fit: 'cover', kernel: 'cubic' },
      normalisation: colourNormalisation,
    },
    outputs: { probabilities: { type: 'float32', shape: [1, 3] } },
    golden: {
      tolerance: 0.001,
      cases: [{ input: 'brown.png', probabilities: colourProbabilities(golden) }],
    },
    ...changes,
  };
  const path = join(folder, 'manifest.json');
  writeFileSync(path, JSON.stringify(manifest));
  return path;
}
