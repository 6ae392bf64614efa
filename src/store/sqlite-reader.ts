import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { outage } from './outage.ts';
import type { ReportRow } from './report-store.ts';

export interface SqliteReader {
  read(sql: string, values: readonly (string | number)[]): Promise<readonly ReportRow[]>;
  close(): Promise<void>;
}

/** What the thread answers with. */
export type Reply =
  | { readonly id: number; readonly rows: readonly ReportRow[] }
  | { readonly id: number; readonly reason: string };

/**
 * Reads on a connection and a thread of its own, begun when first used: `node:sqlite` is synchronous, and a report
 * must not hold up the event loop. A thread that dies, or hangs for `limitMs`, is replaced by the next read.
 */
export function sqliteReader(file: string, limitMs: number): SqliteReader {
  let thread: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, PromiseWithResolvers<readonly ReportRow[]>>();

  function opened(): Worker {
    if (thread) return thread;
    const fresh = new Worker(fileURLToPath(new URL('./sqlite-reader-thread.ts', import.meta.url)), {
      workerData: { file },
    });
    fresh.unref();
    fresh.on('message', (reply: Reply) => {
      const asked = waiting.get(reply.id);
      if ('rows' in reply) asked?.resolve(reply.rows);
      else asked?.reject(outage(reply.reason));
    });
    fresh.on('error', (error) => lose(fresh, error instanceof Error ? error.message : String(error)));
    fresh.on('exit', () => lose(fresh, 'the report thread ended'));
    thread = fresh;
    return fresh;
  }

  function lose(lost: Worker, reason: string): void {
    if (thread !== lost) return;
    thread = undefined;
    for (const { reject } of waiting.values()) reject(outage(reason));
    void lost.terminate();
  }

  return {
    async read(sql, values) {
      const id = ++lastId;
      const asked = Promise.withResolvers<readonly ReportRow[]>();
      waiting.set(id, asked);
      const current = opened();
      const timer = setTimeout(() => lose(current, `no report within ${limitMs} ms`), limitMs);
      current.ref();
      current.postMessage({ id, sql, values });
      try {
        return await asked.promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
        if (waiting.size === 0) current.unref();
      }
    },
    async close() {
      await thread?.terminate();
      thread = undefined;
    },
  };
}
