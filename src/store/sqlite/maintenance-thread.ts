/** Entry of the thread that works on a whole file, on a connection of its own. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { inTransaction } from './database.ts';
import type { MaintenanceFault, MaintenanceJob, MaintenanceReply } from './maintenance.ts';
import { runPending } from './migrations.ts';

const retryMs = 20;

function work(job: MaintenanceJob): readonly string[] {
  const database = new DatabaseSync(job.file, { timeout: job.waitMs });
  try {
    if (job.task === 'rewrite') {
      rewrite(database, job.waitMs);
      return [];
    }
    const ran = inTransaction(database, (connection) => runPending(connection, job.migrations));
    if (ran.length > 0) rewriteIfWorthwhile(database, job.waitMs);
    return ran;
  } finally {
    database.close();
  }
}

function rewrite(database: DatabaseSync, waitMs: number): void {
  database.exec('VACUUM');
  emptyLog(database, waitMs);
}

/** SQLite gives up at once where another connection writes to the log, so it is tried until none does. */
function emptyLog(database: DatabaseSync, waitMs: number): void {
  const checkpoint = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
  const until = performance.now() + waitMs;
  while (checkpoint.get()?.busy !== 0) {
    const busy = 5;
    if (performance.now() >= until)
      throw Object.assign(new Error('others still read deleted rows'), { errcode: busy });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
  }
}

/** Frees the space of dropped tables where that is most of the file. A full disk has no room for that. */
function rewriteIfWorthwhile(database: DatabaseSync, waitMs: number): void {
  const pages = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  try {
    if (pages('freelist_count') > pages('page_count') / 2) rewrite(database, waitMs);
  } catch {}
}

function faultOf(error: unknown): MaintenanceFault {
  if (!(error instanceof Error)) return { message: String(error), errcode: undefined };
  const errcode: unknown = Reflect.get(error, 'errcode');
  return { message: error.message, errcode: typeof errcode === 'number' ? errcode : undefined };
}

let reply: MaintenanceReply;
try {
  reply = { ran: work(workerData as MaintenanceJob) };
} catch (error) {
  reply = { error: faultOf(error) };
}
parentPort?.postMessage(reply);
