import { runAlbum } from './album.ts';
import type { AlbumOptions } from './album-options.ts';
import type { PhotoAnswer } from './answer.ts';
import type { Api } from './api.ts';
import { ClientError } from './client-error.ts';
import { type HttpOptions, httpTo } from './http.ts';
import { httpTransport } from './http-transport.ts';
import type { AlbumPhoto, Hash } from './photo.ts';
import type { AlbumSummary } from './tally.ts';

export type { AlbumOptions, PhotoOutcome } from './album-options.ts';
export type { PhotoAnswer } from './answer.ts';
export type { Api } from './api.ts';
export { ClientError } from './client-error.ts';
export type { HttpOptions } from './http.ts';
export type { AlbumPhoto, Hash, NativeFile, PhotoContent } from './photo.ts';
export type { AlbumSummary } from './tally.ts';

type Health = Api['GET /api/v2/health']['answer'];

export interface AlbumClientOptions extends HttpOptions {
  /** As in `AlbumOptions`, for all photos of this client: React Native has no WebCrypto, and JavaScript is slow. */
  readonly hash?: Hash;
}

export interface AlbumClient {
  /**
   * Classifies any number of photos: asks by hash first, uploads only misses, each set of bytes once, in batches, and
   * tries again what is worth it. Resolves with the summary, also when photos failed or it was stopped.
   */
  classifyAlbum<P extends AlbumPhoto>(photos: readonly P[], options?: AlbumOptions<P>): Promise<AlbumSummary>;
  /**
   * Classifies photos of earlier calls again that a weaker method answered. The service asks its LLM about them ten
   * minutes after their answers (PROVISIONAL_TTL). The client forgets a photo when a better answer comes.
   */
  classifyDegraded(options?: AlbumOptions<AlbumPhoto>): Promise<AlbumSummary>;
  /** One photo, by hash first. @throws ClientError */
  classify(photo: AlbumPhoto, options?: { signal?: AbortSignal }): Promise<PhotoAnswer>;
  /** An answer, or undefined, for each of up to 200 hashes. @throws ClientError */
  lookUp(hashes: readonly string[], options?: { signal?: AbortSignal }): Promise<(PhotoAnswer | undefined)[]>;
  /** @throws ClientError */
  health(): Promise<Health>;
}

/**
 * A client of the service for Node, browsers and React Native.
 * @throws ClientError bad_api_key
 */
export function albumClient({ hash, ...options }: AlbumClientOptions): AlbumClient {
  const http = httpTo(options);

  const transport = () => httpTransport(http);
  /** By hash: apps describe the same photo anew at each scan. */
  const degraded = new Map<string, AlbumPhoto>();

  function classifyAlbum<P extends AlbumPhoto>(photos: readonly P[], albumOptions: AlbumOptions<P> = {}) {
    return runAlbum(photos, transport(), {
      hash,
      ...albumOptions,
      onPhoto(outcome) {
        const { photo, hash = '', result } = outcome;
        if (!(result instanceof ClientError) && result.degraded) degraded.set(hash, photo);
        else if (!(result instanceof ClientError)) degraded.delete(hash);
        albumOptions.onPhoto?.(outcome);
      },
    });
  }

  return {
    classifyAlbum,
    classifyDegraded: (albumOptions) => classifyAlbum([...degraded.values()], albumOptions),
    async classify(photo, { signal } = {}) {
      let result: PhotoAnswer | ClientError | undefined;
      const onPhoto = (outcome: { result: PhotoAnswer | ClientError }) => {
        result = outcome.result;
      };
      await classifyAlbum([photo], { onPhoto, signal });
      if (result === undefined) throw new ClientError('aborted', 'The request was aborted.');
      if (result instanceof ClientError) throw result;
      return result;
    },
    lookUp: (hashes, { signal } = {}) => transport().lookUp(hashes, signal),
    health: () => http('/api/v2/health', { method: 'GET' }, (response) => response.json() as Promise<Health>),
  };
}
