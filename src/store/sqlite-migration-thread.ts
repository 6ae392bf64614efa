/** Entry of the thread that migrates a file with rows, on a connection of its own. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { inTransaction } from './sqlite-database.ts';
import {
  type MigrationFault,
  type MigrationJob,
  type MigrationReply,
  runPending,
} from './sqlite-migrations.ts';

const { file, migrations, waitMs } = workerData as MigrationJob;

function migrated(): MigrationReply {
  const database = new DatabaseSync(file, { timeout: waitMs });
  try {
    const ran = inTransaction(database, (connection) => runPending(connection, migrations));
    if (ran.length > 0) compact(database);
    return { ran };
  } finally {
    database.close();
  }
}

/** Gives back what dropped tables took, and leaves nothing of deleted rows. On a full disk it has to do without. */
function compact(database: DatabaseSync): void {
  try {
    database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE);');
  } catch {}
}

function faultOf(error: unknown): MigrationFault {
  if (!(error instanceof Error)) return { message: String(error), errcode: undefined };
  const errcode: unknown = Reflect.get(error, 'errcode');
  return { message: error.message, errcode: typeof errcode === 'number' ? errcode : undefined };
}

let reply: MigrationReply;
try {
  reply = migrated();
} catch (error) {
  reply = { error: faultOf(error) };
}
parentPort?.postMessage(reply);
