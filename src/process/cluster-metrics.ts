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

/** In the primary: answers workers that are scraped with the sums of all of them. */
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
 * What a scrape of this process says: of all workers where it is one of several, else its own.
 * @throws Error the primary, or one of the workers, did not answer in time
 */
export function openScrape(registry: Registry): () => Promise<string> {
  if (!cluster.isWorker) return () => registry.metrics();
  AggregatorRegistry.setRegistries([registry]);
  // Listens for the primary's questions.
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
