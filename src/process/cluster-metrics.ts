import cluster from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';

interface Asked {
  readonly type: 'album:scrape';
  readonly id: number;
}

interface Told {
  readonly type: 'album:scraped';
  readonly id: number;
  readonly text?: string;
}

const patienceMs = 6_000;

/** In the primary: answers a worker that is scraped with the metrics of all workers. */
export function answerScrapes(): void {
  const all = new AggregatorRegistry();
  cluster.on('message', (worker, message: Asked) => {
    if (message?.type !== 'album:scrape') return;
    const tell = (told: Omit<Told, 'type' | 'id'>) => {
      if (worker.isConnected()) worker.send({ type: 'album:scraped', id: message.id, ...told });
    };
    all.clusterMetrics().then(
      (text) => tell({ text }),
      () => tell({}),
    );
  });
}

/**
 * Metrics for a scrape of this process: those of all workers if it is one of several, otherwise its own.
 * @throws Error the primary, or one of the workers, did not answer in time
 */
export function openScrape(registry: Registry): () => Promise<string> {
  if (!cluster.isWorker) return () => registry.metrics();
  AggregatorRegistry.setRegistries([registry]);
  // Listens for requests of the primary.
  new AggregatorRegistry();
  const waiting = new Map<number, PromiseWithResolvers<string>>();
  let lastId = 0;
  process.on('message', (message: Told) => {
    if (message?.type !== 'album:scraped') return;
    if (message.text !== undefined) waiting.get(message.id)?.resolve(message.text);
    else waiting.get(message.id)?.reject(new Error('a worker did not tell its metrics'));
  });
  return async () => {
    const id = ++lastId;
    const asked = Promise.withResolvers<string>();
    waiting.set(id, asked);
    const timer = setTimeout(() => asked.reject(new Error('the primary process did not answer')), patienceMs);
    process.send?.({ type: 'album:scrape', id } satisfies Asked);
    try {
      return await asked.promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
    }
  };
}
