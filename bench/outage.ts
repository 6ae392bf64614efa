/**
 * An outage of MySQL at 20 photos a second: `node bench/outage.ts --seconds 60`. With `--kill` the service is killed in
 * its middle and started again; with `--lock` a backup locks all tables instead. Prints what the database has of the
 * photos that were answered, and how many calls were paid for. Needs MariaDB's server program.
 */

import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { openTcpProxy } from '../tests/store/tcp-proxy.ts';
import { startFakeLlm } from '../tests/support/fake-llm.ts';
import { openOutageTraffic, outageCounts } from '../tests/support/outage-traffic.ts';
import { mariadbPath, startMariadb } from '../tests/support/own-mariadb.ts';
import { startService } from './start-service.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    workers: { type: 'string', default: '1' },
    rate: { type: 'string', default: '20' },
    kill: { type: 'boolean', default: false },
    lock: { type: 'boolean', default: false },
  },
});
const [seconds, rate] = [Number(values.seconds), Number(values.rate)];
const everyMs = 1000 / rate;

const maria = await startMariadb(mariadbPath() ?? '', []);
const proxy = await openTcpProxy(maria.server);
const llm = await startFakeLlm({
  behave: { content: { category: 'pets', confidence: 0.9 }, latencyMs: 300 },
});
const folder = mkdtempSync(join(tmpdir(), 'album-outage-'));
const beside = await createConnection({ ...maria.server });
const start = () =>
  startService({
    DATABASE_URL: `mysql://root@127.0.0.1:${proxy.port}/album`,
    JOURNAL_DIR: folder,
    LLM_BASE_URL: llm.baseUrl,
    NEAR_DUPLICATES: 'off',
    HIT_RECORDS: 'all',
    INFERENCE_PROCESSES: '1',
    WORKERS: values.workers,
    LOG_LEVEL: 'error',
  });
let service = await start();
const traffic = openOutageTraffic(() => service.url, 500);
const say = (words: string) =>
  console.log(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${words}`);

await traffic.send(5 * rate, everyMs);
say(`${traffic.answered.length} photos answered before the outage`);
if (values.lock) await beside.query('FLUSH TABLES WITH READ LOCK');
else await proxy.stop();
const outage = traffic.send(seconds * rate, everyMs);
await sleep(seconds * 500);
let atKill = 0;
if (values.kill) {
  atKill = llm.calls.length - traffic.answered.length;
  service.process.kill('SIGKILL');
  await once(service.process, 'exit');
  say(`killed with ${atKill} calls in flight`);
  service = await start();
  say('started again');
}
await outage;
const sample = traffic.answered.slice(-100).map(({ original }) => original);
say(`${await traffic.cached(sample)} of ${sample.length} look-ups answered in the outage`);
if (values.lock) await beside.query('UNLOCK TABLES');
else await proxy.restart();
const restored = performance.now();
await traffic.send(5 * rate, everyMs);
while (readdirSync(folder).some((name) => name.endsWith('.db'))) await sleep(100);
say(
  `the journal was written ${((performance.now() - restored) / 1000).toFixed(1)} s after the outage, with traffic`,
);
await sleep(2500);
const rows = async (sql: string) => {
  const [found] = await beside.query<RowDataPacket[]>(sql);
  return found;
};
await beside.query('USE album');
console.table({
  ...(await outageCounts(rows, traffic.answered)),
  paidCalls: llm.calls.length,
  inFlightAtKill: atKill,
  // After which the photo was sent again; 0 is a broken connection.
  ...Object.fromEntries(
    [...Map.groupBy(traffic.others, String)].map(([status, all]) => [`status ${status}`, all.length]),
  ),
});
await service.stop();
await Promise.all([proxy.close(), llm.close(), beside.end()]);
await maria.stop();
rmSync(folder, { recursive: true });
process.exit(0);
