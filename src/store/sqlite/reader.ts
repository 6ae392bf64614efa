import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { outage } from '../outage.ts';
import type { ReportRow } from '../reports/dialect.ts';

export interface SqliteReader {
  read(sql: string, values: readonly (string | number)[]): Promise<readonly ReportRow[]>;
  close(): Promise<void>;
}

/** A thread's answer: all cells in one list, since objects take longer to pass between threads than to read. */
export type Reply =
  | { readonly id: number; readonly columns: readonly string[]; readonly cells: readonly unknown[] }
  | { readonly id: number; readonly reason: string };

/** Two: a slow report blocks no other, and a series takes two statements. */
const threads = 2;

/**
 * Reads on connections and threads of their own, begun when first used: `node:sqlite` is synchronous, and a report
 * must not hold up the event loop. A thread that dies, or hangs for `limitMs`, is replaced by the next read.
 */
export function sqliteReader(file: string, limitMs: number): SqliteReader {
  const readers = Array.from({ length: threads }, () => readerThread(file, limitMs));
  return {
    read(sql, values) {
      // A thread takes longer to start than most reports take: the next report finds both.
      for (const reader of readers) reader.open();
      return readers.reduce((a, b) => (b.waiting() < a.waiting() ? b : a)).read(sql, values);
    },
    close: async () => void (await Promise.all(readers.map((reader) => reader.close()))),
  };
}

interface ReaderThread extends SqliteReader {
  open(): void;
  /** Reads that have no answer yet. */
  waiting(): number;
}

function readerThread(file: string, limitMs: number): ReaderThread {
  let thread: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, PromiseWithResolvers<readonly ReportRow[]>>();

  function opened(): Worker {
    if (thread) return thread;
    const fresh = new Worker(fileURLToPath(new URL('./reader-thread.ts', import.meta.url)), {
      workerData: { file },
    });
    fresh.unref();
    fresh.on('message', (reply: Reply) => {
      const pending = waiting.get(reply.id);
      if ('cells' in reply) pending?.resolve(rowsOf(reply));
      else pending?.reject(outage(reply.reason));
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
    open: () => void opened(),
    waiting: () => waiting.size,
    async read(sql, values) {
      const id = ++lastId;
      const pending = Promise.withResolvers<readonly ReportRow[]>();
      waiting.set(id, pending);
      const current = opened();
      const timer = setTimeout(() => lose(current, `no report within ${limitMs} ms`), limitMs);
      current.ref();
      current.postMessage({ id, sql, values });
      try {
        return await pending.promise;
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

function rowsOf({ columns, cells }: Extract<Reply, { cells: readonly unknown[] }>): readonly ReportRow[] {
  const rows: ReportRow[] = [];
  for (let at = 0; at < cells.length; at += columns.length) {
    const row: Record<string, unknown> = {};
    for (const [index, column] of columns.entries()) row[column] = cells[at + index];
    rows.push(row);
  }
  return rows;
}
