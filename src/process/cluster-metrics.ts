import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from '@prometheus-io/client';

type MetricsJson = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** Between the primary and its workers. */
type Message =
  /** Worker → primary: the metrics of all workers, please. */
  | { readonly type: 'album:scrape'; readonly id: number }
  /** Primary → worker. */
  | { readonly type: 'album:scraped'; readonly id: number; readonly text: string }
  /** Primary → worker: your own metrics, please. */
  | { readonly type: 'album:collect'; readonly id: number }
  /** Worker → primary. */
  | { readonly type: 'album:collected'; readonly id: number; readonly metrics: MetricsJson };

const workerLimitMs = 2_000;
const primaryLimitMs = 6_000;

/** Requests whose replies arrive as messages. */
function openRequests<Reply>() {
  const waiting = new Map<number, (reply: Reply) => void>();
  let lastId = 0;
  return {
    /** @returns undefined without a reply in time */
    async send(limitMs: number, send: (id: number) => void): Promise<Reply | undefined> {
      const id = ++lastId;
      const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
      waiting.set(id, resolve);
      const timer = setTimeout(() => resolve(undefined), limitMs);
      send(id);
      const reply = await promise;
      clearTimeout(timer);
      waiting.delete(id);
      return reply;
    },
    settle: (id: number, reply: Reply) => waiting.get(id)?.(reply),
  };
}

/** In the primary: a scrape of one worker reports the sums of all workers that reply in time. */
export function answerScrapes(): void {
  const requests = openRequests<MetricsJson>();

  const collect = (worker: Worker) =>
    requests.send(workerLimitMs, (id) => send(worker, { type: 'album:collect', id }));

  async function scrape(): Promise<string> {
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const replies = await Promise.all(workers.map(collect));
    return AggregatorRegistry.aggregate(replies.filter((reply) => reply !== undefined)).metrics();
  }

  cluster.on('message', (worker, message: Message) => {
    if (message?.type === 'album:collected') requests.settle(message.id, message.metrics);
    if (message?.type === 'album:scrape')
      void scrape().then((text) => send(worker, { type: 'album:scraped', id: message.id, text }));
  });
}

function send(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message);
}

/**
 * The metrics of this process, or of all workers where it is one of several.
 * @throws Error the primary did not answer in time
 */
export function openScrape(registry: Registry): () => Promise<string> {
  if (!cluster.isWorker) return () => registry.metrics();
  const requests = openRequests<string>();
  const reply = (message: Message) => process.send?.(message);
  process.on('message', (message: Message) => {
    if (message?.type === 'album:scraped') requests.settle(message.id, message.text);
    if (message?.type === 'album:collect')
      void registry
        .getMetricsAsJSON()
        .then((metrics) => reply({ type: 'album:collected', id: message.id, metrics }));
  });
  return async () => {
    const text = await requests.send(primaryLimitMs, (id) => reply({ type: 'album:scrape', id }));
    if (text === undefined) throw new Error('the primary process did not answer');
    return text;
  };
}
