import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from '../errors.ts';
import type { NetworkInput } from '../image/decode/decode.ts';
import { text } from '../messages/text.ts';
import { type ManifestFile, manifestProblems } from './manifest-problems.ts';

/** What a model folder says about its model; models/README.md describes the file. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** What answers name as their model: `name@version`. */
  readonly model: string;
  /** Path of the ONNX file. */
  readonly file: string;
  /** Of the ONNX file: 64 lower-case hex digits. */
  readonly sha256: string;
  /** In the order of the network's probabilities. */
  readonly labels: readonly string[];
  readonly tensor: TensorForm;
  readonly input: NetworkInput;
  readonly golden: Golden;
  /** Per label: from which probability an answer is sure; from which on a photo may be that label at all. */
  readonly thresholds: {
    readonly sure: Readonly<Record<string, number>>;
    readonly suspect: Readonly<Record<string, number>>;
  };
}

/** How pixels become the network's input tensor. */
export interface TensorForm {
  readonly name: string;
  readonly type: 'uint8' | 'float32';
  readonly layout: 'NHWC' | 'NCHW';
  readonly shape: readonly number[];
  /** Of values scaled to 0..1, per channel; absent where the graph takes 0..255 as they are. */
  readonly normalisation?: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/** Inputs with known answers, to tell a model that runs from one that runs right. */
export interface Golden {
  /** Largest difference of any probability. */
  readonly tolerance: number;
  /** `image`: path of a picture that is exactly the network's input, without any resizing. */
  readonly cases: readonly { readonly image: string; readonly probabilities: readonly number[] }[];
}

/**
 * Reads `manifest.json` of a model folder. The model file itself is read, and its hash checked, where it is loaded.
 * @param file path of the manifest
 * @throws SetupError listing everything that is wrong with it
 */
export function readManifest(file: URL | string): Manifest {
  const path = file instanceof URL ? fileURLToPath(file) : resolve(file);
  const parsed = parse(path);
  const problems = manifestProblems(parsed);
  if (problems.length > 0)
    throw new SetupError(text('the model’s manifest: {problems}', { problems: problems.join('; ') }));
  return manifestOf(parsed as ManifestFile, dirname(path));
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const file = `MODEL_DIR: ${path}`;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new SetupError(
      error instanceof SyntaxError
        ? text('{file} is no JSON', { file })
        : text("{file} can't be read: {code}", { file, code }),
      { cause: error },
    );
  }
}

function manifestOf(file: ManifestFile, folder: string): Manifest {
  const { input, golden, thresholds } = file;
  const [heightPx, widthPx] = input.layout === 'NHWC' ? input.shape.slice(1, 3) : input.shape.slice(2, 4);
  const [r, g, b] = input.resize.background ?? [];
  const { normalisation } = input;
  return {
    name: file.name,
    version: file.version,
    model: `${file.name}@${file.version}`,
    file: resolve(folder, file.file),
    sha256: file.sha256.toLowerCase(),
    labels: file.labels,
    tensor: {
      name: input.name,
      type: input.type,
      layout: input.layout,
      shape: input.shape,
      ...(typeof normalisation === 'object' && { normalisation }),
    },
    input: {
      widthPx: widthPx ?? 0,
      heightPx: heightPx ?? 0,
      fit: input.resize.fit,
      background: { r: r ?? 0, g: g ?? 0, b: b ?? 0 },
      kernel: input.resize.kernel,
    },
    golden: {
      tolerance: golden?.tolerance ?? 0,
      cases: (golden?.cases ?? []).map(({ input: image, probabilities }) => ({
        image: resolve(folder, image),
        probabilities,
      })),
    },
    thresholds: { sure: thresholds?.sure ?? {}, suspect: thresholds?.suspect ?? {} },
  };
}
