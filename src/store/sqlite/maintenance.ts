import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Migration } from '../migrate.ts';
import { outage } from '../outage.ts';
import { translated } from './database.ts';

/** Work on a whole file, which may take minutes. */
export type MaintenanceJob = {
  readonly file: string;
  /** How long locks of others are waited for. */
  readonly waitMs: number;
} & (
  | { readonly task: 'migrate'; readonly migrations: readonly Migration[] }
  /** Removes deleted rows from free pages, from gaps in pages, and from the log. */
  | { readonly task: 'rewrite' }
);

export type MaintenanceReply = { readonly ran: readonly string[] } | { readonly error: MaintenanceFault };

/** The part of an error that passes between threads. */
export interface MaintenanceFault {
  readonly message: string;
  readonly errcode: number | undefined;
}

/** In a thread of its own: `node:sqlite` is synchronous. @returns names of migrations that ran */
export function maintainSqlite(workerData: MaintenanceJob): Promise<readonly string[]> {
  const entry = new URL('./maintenance-thread.ts', import.meta.url);
  const thread = new Worker(fileURLToPath(entry), { workerData });
  return new Promise((resolve, reject) => {
    thread.on('message', (reply: MaintenanceReply) => {
      if ('ran' in reply) resolve(reply.ran);
      else reject(translated(Object.assign(new Error(reply.error.message), reply.error)));
    });
    thread.on('error', (error) => reject(outage(error instanceof Error ? error.message : String(error))));
    thread.on('exit', () => reject(outage('the thread for maintenance ended')));
  });
}
