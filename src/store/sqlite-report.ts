/** Entry of the thread that runs queries on its own read-only connection, posts the rows of each and ends. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const { file, queries } = workerData as { file: string; queries: [sql: string, ...SQLInputValue[]][] };
const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
try {
  parentPort?.postMessage(queries.map(([sql, ...values]) => database.prepare(sql).all(...values)));
} finally {
  database.close();
}
