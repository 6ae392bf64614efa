import { dayMs } from '../../durations.ts';
import { endpointOf, type Target, undated } from './target.ts';

/** What a vendor's own list says of one model. */
export interface Listing {
  readonly isListed: boolean;
  /** Its last day; null where the vendor states such days and has none for it; undefined where it states none. */
  readonly shutdown?: string | null;
}

const timeoutMs = 3_000;
/** Hundreds of models with a description each. */
const maxBytes = 16_000_000;

/**
 * Asks the vendor which models it has. Undefined where it keeps no list, or only a part of it came.
 * @throws Error the list could not be had
 */
export async function listingOf(target: Target, apiKey: string): Promise<Listing | undefined> {
  const { wire, baseUrl, model, modelList } = target;
  if (modelList === undefined) return undefined;
  const headers: Record<string, string> =
    wire === 'anthropic'
      ? { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' }
      : { authorization: `Bearer ${apiKey}` };
  const url = new URL(endpointOf(baseUrl, 'models'));
  if (wire === 'anthropic') url.searchParams.set('limit', '1000');
  const response = await fetch(url, {
    headers,
    // The key goes to the configured host and nowhere else.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const list = JSON.parse(await boundedText(response)) as { data?: unknown; has_more?: unknown };
  // Null where a server of one's own has none.
  const entries: unknown = list.data ?? [];
  if (!Array.isArray(entries)) throw new Error('no list');
  const entry = entryOf(entries, model);
  if (entry === undefined) return list.has_more === true ? undefined : { isListed: false };
  const { shutdownField } = modelList;
  if (shutdownField === undefined || !(shutdownField in entry)) return { isListed: true };
  const day = String(entry[shutdownField] ?? '').slice(0, 10);
  return { isListed: true, shutdown: Number.isNaN(Date.parse(day)) ? null : day };
}

/** The last day of a model. Where the vendor says when its models end, its word counts. */
export function shutdownOf(target: Target, listing: Listing | undefined): string | undefined {
  return listing?.shutdown === undefined ? target.shutdown : (listing.shutdown ?? undefined);
}

/**
 * Days until a model ends; 0 or less where it does not answer any more.
 * @param shutdown `2027-01-14`: from that day (UTC) on it does not answer
 */
export function daysUntil(shutdown: string, nowMs: number): number {
  return (Date.parse(shutdown) - (nowMs - (nowMs % dayMs))) / dayMs;
}

type Entry = Readonly<Record<string, unknown>>;

/** Gemini lists `models/<id>`, Ollama `<id>:latest`, and Anthropic the dated name alone. */
function entryOf(entries: readonly Entry[], model: string): Entry | undefined {
  const name = model.replace(/^models\//, '');
  const idOf = ({ id }: Entry) => String(id).replace(/^models\//, '');
  return (
    entries.find((entry) => idOf(entry) === name) ??
    entries.find((entry) => [undated(idOf(entry)), idOf(entry).replace(/:latest$/, '')].includes(name))
  );
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error('the list is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
