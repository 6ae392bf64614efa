/** Entry of the thread that works on a whole file, on a connection of its own. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { inTransaction } from './database.ts';
import type { MaintenanceFault, MaintenanceJob, MaintenanceReply } from './maintenance.ts';
import { runPending } from './migrations.ts';

function work(job: MaintenanceJob): readonly string[] {
  const database = new DatabaseSync(job.file, { timeout: job.waitMs });
  try {
    if (job.task === 'rewrite') {
      rewrite(database);
      return [];
    }
    const ran = inTransaction(database, (connection) => runPending(connection, job.migrations));
    if (ran.length > 0) rewriteIfPossible(database);
    return ran;
  } finally {
    database.close();
  }
}

function rewrite(database: DatabaseSync): void {
  database.exec('VACUUM');
  const [log] = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
  const busy = 5;
  if (log?.busy !== 0) throw Object.assign(new Error('others read what was deleted'), { errcode: busy });
}

/** Gives back what dropped tables took. On a full disk it has to do without. */
function rewriteIfPossible(database: DatabaseSync): void {
  try {
    rewrite(database);
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
