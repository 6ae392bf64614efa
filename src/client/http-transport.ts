import { answerOf } from './answer.ts';
import type { Api } from './api.ts';
import { ClientError } from './client-error.ts';
import type { Http } from './http.ts';
import { linesOf } from './lines.ts';
import { appendPhoto } from './photo.ts';
import type { Sending, Transport } from './transport.ts';

type LookUp = Api['POST /api/v2/classify/batch-check-cache'];
type Line = Api['POST /api/v2/classify/batch']['line'];

/** Photos at once until the service has said what it can do. */
const firstAtOnce = 8;

/**
 * A service over HTTP: look-ups of a hundred hashes, uploads in batches whose answers come one by one.
 * @param options.lane `album`: photos get provisional answers at once and better ones later, at half price, if the
 * service has a provider for that
 */
export function httpTransport(http: Http, { lane }: { readonly lane?: 'album' | undefined } = {}): Transport {
  let atOnce = firstAtOnce;

  async function formOf(
    batch: readonly Sending[],
  ): Promise<{ form: FormData; unread: Map<number, ClientError> }> {
    const form = new FormData();
    if (lane) form.append('lane', lane);
    const unread = new Map<number, ClientError>();
    const items = batch.map(({ hash }, index) => ({ index, image_uri: '', image_hash: hash }));
    const contents = await Promise.all(
      batch.map(async ({ photo }, position) => {
        try {
          return await photo.read();
        } catch (error) {
          unread.set(
            position,
            new ClientError('unreadable', error instanceof Error ? error.message : String(error)),
          );
          return undefined;
        }
      }),
    );
    form.append('image_metadata', JSON.stringify({ items: items.filter(({ index }) => !unread.has(index)) }));
    for (const [position, content] of contents.entries())
      if (content !== undefined) appendPhoto(form, 'images', content, batch[position]?.photo.name ?? '');
    return { form, unread };
  }

  return {
    lookUpSize: 100,
    batchSize: 20,
    batchBytes: 64_000_000,
    gatherMs: 10,
    atOnce: () => atOnce,

    async lookUp(hashes, signal, isRepeated) {
      const items = hashes.map((image_hash, index) => ({ index, image_hash, image_uri: '' }));
      const body: LookUp['body'] = { items, ...(isRepeated && { repeated: true }) };
      const path = '/api/v2/classify/batch-check-cache';
      const { results, at_once } = await http(
        path,
        { body, signal },
        (response) => response.json() as Promise<LookUp['answer']>,
      );
      if (!Array.isArray(results))
        throw new ClientError('bad_answer', 'The answer is not what the service sends.');
      // Absent where the service is an older one.
      atOnce = Math.max(1, at_once ?? atOnce);
      return hashes.map((_, index) => {
        const found = results[index];
        return found?.cached ? answerOf(found) : undefined;
      });
    },

    async classify(batch, onOutcome, signal) {
      const { form, unread } = await formOf(batch);
      for (const [position, error] of unread) onOutcome(position, error);
      const sent = batch.map((_, position) => position).filter((position) => !unread.has(position));
      if (sent.length === 0) return;
      const request = { body: form, accept: 'application/x-ndjson', signal };
      await http('/api/v2/classify/batch', request, async (response) => {
        for await (const line of linesOf(response)) read(line as Line, sent, onOutcome);
      });
    },
  };

  /** @throws ClientError a problem that ends the batch */
  function read(line: Line, sent: readonly number[], onOutcome: Parameters<Transport['classify']>[1]): void {
    if ('detail' in line) throw new ClientError(line.code, line.detail, { status: line.status });
    if (!('progress' in line)) return;
    atOnce = Math.max(1, line.progress.at_once);
    const { error, error_code = 'unknown' } = line;
    const outcome = error === undefined ? answerOf(line) : new ClientError(error_code, error);
    const position = sent[line.index];
    if (outcome && position !== undefined) onOutcome(position, outcome);
  }
}
