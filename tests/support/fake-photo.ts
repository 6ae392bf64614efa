import { createHash } from 'node:crypto';
import type { Analysis, Photo } from '../../src/image/photo.ts';

/** A photo of which only its hash and what its analysis yields matter. */
export function fakePhoto(
  rendition: Buffer,
  analyse: () => Promise<Analysis> = async () => ({ rendition, widthPx: 512, heightPx: 384 }),
): Photo {
  return {
    sha256: createHash('sha256').update(rendition).digest('hex'),
    sizeBytes: rendition.length,
    format: 'jpeg',
    analyse,
    probabilities: async () => (await analyse()).probabilities,
  };
}
