/** Entry of the child processes in which photos are decoded and the local network runs. */
import sharp from 'sharp';
import { type DecoderOptions, openDecoder } from './image/decode/decode.ts';
import { setUpSharp } from './image/decode/set-up-sharp.ts';
import { serveJobs, type Worker } from './image/pool/serve-jobs.ts';
import { checkGolden } from './local/golden.ts';
import { type Manifest, readManifest } from './local/manifest.ts';
import type { Network } from './local/network.ts';

/** What the pool's `childOptions` are for this child. */
export interface ChildOptions extends Omit<DecoderOptions, 'input'> {
  /** Path of the local model's manifest; absent where no local model is used. */
  readonly manifestFile?: string;
}

setUpSharp();
serveJobs(async (options) => openWorker(options as ChildOptions));

async function openWorker(options: ChildOptions): Promise<Worker> {
  const model = await openModel(options.manifestFile);
  const decode = openDecoder({
    ...options,
    ...(model.manifest && { input: model.manifest.input }),
  });
  await warmUp(decode);
  return {
    ...(model.modelError !== undefined && { modelError: model.modelError }),
    async run(job) {
      const { pixels, ...decoded } = await decode(job);
      const probabilities = pixels && (await model.network?.probabilitiesOf(pixels));
      return { ...decoded, ...(probabilities && { probabilities }) };
    },
  };
}

/** What is loaded and compiled at the first decode is not for the first photo to wait for. */
async function warmUp(decode: ReturnType<typeof openDecoder>): Promise<void> {
  const blank = { width: 640, height: 480, channels: 3, background: '#888' } as const;
  const bytes = await sharp({ create: blank }).jpeg().toBuffer();
  for (let round = 0; round < 3; round++)
    await decode({ bytes, format: 'jpeg', wants: { rendition: true, infer: true, colour: true } });
}

interface Model {
  readonly network?: Network;
  /** Absent where there is no network to feed. */
  readonly manifest?: Manifest;
  readonly modelError?: string;
}

/** Whatever is wrong with the model, photos can still be decoded, for a vision LLM. */
async function openModel(manifestFile: string | undefined): Promise<Model> {
  if (manifestFile === undefined) return {};
  try {
    const manifest = readManifest(manifestFile);
    const { openNetwork } = await import('./local/network.ts');
    const network = await openNetwork(manifest);
    await checkGolden(network, manifest);
    return { manifest, network };
  } catch (error) {
    return { modelError: error instanceof Error ? error.message : 'the local model does not load' };
  }
}
