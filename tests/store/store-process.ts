/** A process of its own that opens a store, as a worker does: migrates it, counts hits on one result, says what ran. */
import { openMysqlStore } from '../../src/store/mysql/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { resultOf } from '../contracts/rows.ts';

const { mysql, sqlite, rounds } = JSON.parse(process.argv[2] ?? '{}');
const store = mysql ? openMysqlStore({ ...mysql }) : openSqliteStore({ ...sqlite });
const ran = await store.migrate();
const hit = resultOf('a');
await store.saveResults([hit]);
for (let round = 0; round < rounds; round += 1) {
  await store.countHits([{ sha256: hit.sha256, version: hit.version, count: 1, at: round }]);
  await store.saveResults([resultOf(`${process.pid} ${round}`)]);
}
await store.close();
console.log(JSON.stringify(ran));
