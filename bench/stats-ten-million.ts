/**
 * Time of every statistics route with millions of records, the lag of sums, and the delay of a writer while a day is
 * deleted.
 *
 * `npm run bench bench/stats-ten-million.ts -- --database=FILE|mysql://… [--records=N] [--only=fill|routes|retention]`
 *
 * The database is kept, so that filling it (minutes) and measuring (a moment, on a quiet machine) can be separate runs;
 * remove it yourself. It must be empty or not there when it is filled.
 */
import { parseArgs } from 'node:util';
import { configFrom } from '../src/config.ts';
import { openMysqlStore } from '../src/store/mysql/store.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';
import type { Store } from '../src/store/store.ts';
import { fillRecords } from './stats-records.ts';
import { measureRetention } from './stats-retention.ts';
import { measureRoutes } from './stats-routes.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: '/tmp/album-bench-stats.db' },
    records: { type: 'string', default: '10000000' },
    only: { type: 'string' },
    /** The oldest day that retention leaves: one less removes one day more. */
    days: { type: 'string', default: '89' },
  },
});
const { database, only } = values;
const environment: Record<string, string> = database.startsWith('mysql://')
  ? { DATABASE_URL: database }
  : { SQLITE_FILE: database };
const records = Number(values.records);

/** With a longer time limit: groups are forty times as large as the service's. */
function openToFill(): Store {
  const { store } = configFrom(environment);
  const options = { statementTimeoutMs: 60_000 };
  return store.kind === 'mysql'
    ? openMysqlStore({ ...store, ...options })
    : openSqliteStore({ ...store, ...options });
}

async function fill(): Promise<void> {
  const store = openToFill();
  await store.migrate();
  const started = performance.now();
  await fillRecords(store, { records, days: 90, now: Date.now() });
  const seconds = (performance.now() - started) / 1000;
  console.log(`  ${records} photos, ${records / 20} requests written in ${seconds.toFixed(0)} s`);
  await store.close();
}

console.log(environment.SQLITE_FILE ? 'SQLite' : 'MySQL or MariaDB');
if (only === undefined || only === 'fill') await fill();
if (only === undefined || only === 'routes') await measureRoutes(environment);
if (only === undefined || only === 'retention') await measureRetention(environment, Number(values.days));
