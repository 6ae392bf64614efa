import type { AlbumOptions } from './album-options.ts';
import { AlbumRun } from './album-run.ts';
import type { AlbumPhoto } from './photo.ts';
import type { AlbumSummary } from './tally.ts';
import type { Transport } from './transport.ts';

/**
 * Classifies an album: hashes, looks up, sends misses only and each set of bytes once, and retries failures that may
 * pass. Resolves with what was finished when it was stopped or aborted. A failed photo never rejects it.
 */
export function runAlbum<P extends AlbumPhoto>(
  photos: readonly P[],
  transport: Transport,
  options: AlbumOptions<P> = {},
): Promise<AlbumSummary> {
  return new AlbumRun(photos, transport, options).done;
}
