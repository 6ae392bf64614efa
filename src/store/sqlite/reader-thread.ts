/** Entry of the thread that answers reads, one after another, on a read-only connection of its own. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Reply } from './reader.ts';

const { file } = workerData as { file: string };
let database: DatabaseSync | undefined;

parentPort?.on('message', ({ id, sql, values }: { id: number; sql: string; values: (string | number)[] }) => {
  parentPort?.postMessage(answer(id, sql, values));
});

function answer(id: number, sql: string, values: (string | number)[]): Reply {
  try {
    // Nothing is cached in a prepared statement that is worth more than one that always fits the schema.
    database ??= new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    const rows = statement.all(...values) as unknown as unknown[][];
    return { id, columns: statement.columns().map(({ name }) => name), cells: rows.flat() };
  } catch (error) {
    database?.close();
    database = undefined;
    return { id, reason: error instanceof Error ? error.message : String(error) };
  }
}
