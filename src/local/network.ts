import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InferenceSession } from 'onnxruntime-node';
import type { Manifest } from './manifest.ts';
import { tensorOf } from './tensor.ts';

/** A loaded model. Runs block the thread they are called on, so it lives in a child process. */
export interface Network {
  /**
   * @param pixels interleaved 8-bit RGB of exactly the network's input size
   * @returns a probability for each label of the manifest, in its order
   */
  probabilitiesOf(pixels: Buffer): Promise<number[]>;
}

const output = 'probabilities';

/**
 * Loads the model that a manifest describes, to run on one core: a process per core is faster than threads.
 * @throws Error the file is missing, is not the one that the manifest means, or can't be run
 */
export async function openNetwork(manifest: Manifest): Promise<Network> {
  const session = await InferenceSession.create(readModel(manifest), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const { tensor, labels } = manifest;
  if (!session.inputNames.includes(tensor.name)) throw new Error(`the model has no input ${tensor.name}`);
  if (!session.outputNames.includes(output)) throw new Error(`the model has no output ${output}`);
  return {
    async probabilitiesOf(pixels) {
      const results = await session.run({ [tensor.name]: tensorOf(pixels, tensor) }, [output]);
      const values = results[output]?.data;
      if (!(values instanceof Float32Array) || values.length !== labels.length)
        throw new Error(`the model's answer is not ${labels.length} float32 values`);
      const probabilities = [...values];
      if (!probabilities.every((value) => value >= 0 && value <= 1.001))
        throw new Error("the model's answer is not made of probabilities");
      return probabilities;
    },
  };
}

/** The very bytes that were hashed are the ones that are run. */
function readModel({ file, sha256 }: Manifest): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Error(`the model file ${file} cannot be read`, { cause: error });
  }
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== sha256)
    throw new Error(`the model file ${file} is not the one its manifest describes: its SHA-256 is ${actual}`);
  return bytes;
}
