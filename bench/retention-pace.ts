/**
 * Does the deletion of old records keep up with writing at full speed? Records of photos are written as fast as the
 * store takes them, a day passes every few seconds, and the service's own maintenance keeps one day:
 * `npm run bench bench/retention-pace.ts -- [--database=mysql://…] [--days 6] [--day-seconds 20]`. The table is flat
 * when the number of rows at the end of each day does not grow from the third day on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { openCacheMaintenance } from '../src/cache/maintenance.ts';
import { openDriver } from '../src/compose/driver.ts';
import { configFrom } from '../src/config.ts';
import { withGroupCommit } from '../src/store/group-commit.ts';
import { reasonOf } from '../src/store/outage.ts';
import { activityOf } from '../tests/contracts/rows.ts';
import { dayMs, photoAt } from './stats-records.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    days: { type: 'string', default: '6' },
    'day-seconds': { type: 'string', default: '20' },
  },
});
const dayLastsMs = Number(values['day-seconds']) * 1_000;
const days = Number(values.days);
const folder = mkdtempSync(join(tmpdir(), 'album-pace-'));
const file = join(folder, 'album.db');
const store = openDriver(
  configFrom({
    SQLITE_FILE: file,
    ...(values.database && { DATABASE_URL: values.database }),
  }),
);
await store.migrate();
const beganMs = performance.now();
/** From today on: migrations make the partitions of today and of the week that follows. */
const firstDay = Date.now() - (Date.now() % dayMs);
const now = () => Math.floor(firstDay + ((performance.now() - beganMs) / dayLastsMs) * dayMs);
const connection = values.database === undefined ? undefined : await createConnection(values.database);
// MySQL otherwise keeps its estimates for a day. MariaDB has no such setting.
await connection?.query('SET SESSION information_schema_stats_expiry = 0').catch(() => undefined);

/** On MySQL and MariaDB an estimate: to count a large table takes seconds, in which no partition can be dropped. */
async function rowsInTable(): Promise<number> {
  if (connection === undefined) {
    using database = new DatabaseSync(file, { readOnly: true });
    return Number(database.prepare('SELECT COUNT(*) AS n FROM photos').get()?.n);
  }
  const [[row]] = await connection.query<RowDataPacket[]>(
    `SELECT SUM(table_rows) AS n FROM information_schema.partitions
      WHERE table_schema = DATABASE() AND table_name = 'photo_records'`,
  );
  return Number(row?.n);
}

let longestStepMs = 0;
let longestWriteMs = 0;
const { deleteSome } = store.maintenance;
const timed = {
  ...store.maintenance,
  async deleteSome(...deletion: Parameters<typeof deleteSome>) {
    const startedMs = performance.now();
    const deleted = await deleteSome(...deletion);
    longestStepMs = Math.max(longestStepMs, performance.now() - startedMs);
    return deleted;
  },
};
let isOver = false;
const maintenance = (async () => {
  while (!isOver) {
    // A new one each time: to one that lasts, a clock that runs as fast as this one has jumped.
    const { sweep } = openCacheMaintenance({
      store: { ...store, maintenance: timed },
      leases: withGroupCommit(store),
      recordsMs: dayMs,
      resultsMs: 0,
      maxResults: 0,
      now,
      onFailure: (error) => console.error(reasonOf(error)),
    });
    await sweep();
    await sleep(250);
  }
})();

let written = 0;
let failedWrites = 0;
const writer = (async () => {
  while (!isOver) {
    const at = now();
    const photos = Array.from({ length: 500 }, (_, index) => photoAt(at, written + index));
    const startedMs = performance.now();
    const isWritten = await store.saveActivity(activityOf({ photos })).then(
      () => true,
      () => false,
    );
    longestWriteMs = Math.max(longestWriteMs, performance.now() - startedMs);
    if (isWritten) written += 500;
    else failedWrites += 1;
    await sleep(0);
  }
})();

console.log(
  `${values.database ? 'MySQL or MariaDB' : 'SQLite'}, a day lasts ${values['day-seconds']} s, one day is kept`,
);
let before = { written: 0, rows: 0, seconds: 0 };
for (let day = 1; day <= days; day += 1) {
  await sleep(beganMs + day * dayLastsMs - performance.now());
  const [seconds, writtenNow] = [(performance.now() - beganMs) / 1_000, written];
  const rows = await rowsInTable();
  const rate = (count: number) => Math.round(count / (seconds - before.seconds)).toLocaleString('en');
  const deleted = writtenNow - before.written - (rows - before.rows);
  console.log(
    `day ${day}: written ${rate(writtenNow - before.written)}/s, deleted ${rate(Math.max(0, deleted))}/s, rows in the table ${rows.toLocaleString('en')}, longest write ${Math.round(longestWriteMs)} ms, writes cut short ${failedWrites}, longest step of deletion ${Math.round(longestStepMs)} ms`,
  );
  longestWriteMs = 0;
  failedWrites = 0;
  longestStepMs = 0;
  before = { written: writtenNow, rows, seconds };
}
isOver = true;
await writer;
await maintenance;
await store.close();
await connection?.end();
rmSync(folder, { recursive: true });
