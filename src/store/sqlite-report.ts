/** Entry of the thread that reads a summary from its own read-only connection, posts it and ends. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import {
  type PhotoCountRow,
  photoCountsSql,
  type RequestTotalsRow,
  requestTotalsSql,
  summaryOf,
} from './record-rows.ts';

const { file, from, to } = workerData as { file: string; from: number; to: number };
const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
try {
  const counts = database.prepare(photoCountsSql).all(from, to);
  const totals = database.prepare(requestTotalsSql).get(from, to);
  parentPort?.postMessage(
    summaryOf(counts as unknown as readonly PhotoCountRow[], totals as unknown as RequestTotalsRow),
  );
} finally {
  database.close();
}
