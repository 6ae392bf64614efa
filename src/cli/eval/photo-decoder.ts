import { createHash } from 'node:crypto';
import { composeImages, type Images } from '../../compose/images.ts';
import type { LocalModel } from '../../compose/local-model.ts';
import { type Config, ConfigError } from '../../config.ts';
import { AppError, SetupError } from '../../errors.ts';
import type { OpenPhoto } from '../../image/open-photos.ts';
import { receivedUpload } from '../../image/upload/receive.ts';
import { type Say, verbatim } from '../../messages/text.ts';
import { openLog } from '../../process/log.ts';
import type { FilePhoto } from '../album/file-photo.ts';

export interface HashedFile {
  readonly photo: FilePhoto;
  readonly sha256: string;
}

/** Decodes photos of files, and runs a local model where one is given. */
export interface PhotoDecoder {
  /** Opens a photo, uses it, and closes it. */
  use<T>(photo: HashedFile, use: (photo: OpenPhoto) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * @param local without a model: photos as LLMs get them
 * @throws ConfigError the model can't be loaded, or gives wrong answers to its golden cases
 */
export async function openDecoder(
  { config, say }: { readonly config: Config; readonly say: Say },
  local: Pick<LocalModel, 'manifest' | 'manifestFile'>,
): Promise<PhotoDecoder> {
  const { log } = openLog({ ...config.log, level: 'silent', toStderr: true });
  const strategy = local.manifest ? 'local-only' : 'llm-only';
  const cache = { ...config.cache, nearDuplicates: false };
  const images: Images = composeImages({ ...config, strategy, cache }, local, { log, hooks: {} });
  try {
    await images.pool.ready();
    const { modelError } = images.pool.status();
    if (modelError !== undefined) throw new SetupError(verbatim(`${local.manifest?.model}: ${modelError}`));
  } catch (error) {
    await images.close();
    throw new ConfigError([SetupError.textOf(error)]);
  }
  const { fileBytes } = config.limits;
  return {
    async use({ photo: file, sha256: expected }, use) {
      if (file.sizeBytes > fileBytes)
        throw new Error(say('The file is larger than {limit} MB.', { limit: fileBytes / 1_000_000 }));
      const content = await file.read();
      if (!Buffer.isBuffer(content)) throw new Error('photos are read from files here');
      const sha256 = createHash('sha256').update(content).digest('hex');
      if (sha256 !== expected) throw new Error(say('The file has changed.'));
      const photo = images.photos.open(receivedUpload(content, sha256, () => {}));
      try {
        return await use(photo);
      } finally {
        photo.close();
      }
    },
    close: () => images.close(),
  };
}

/** Words that users read, and never a stack. */
export function wordsOf(error: unknown, say: Say): string {
  return error instanceof AppError ? say(error.text) : (error as Error).message;
}
