/** A process with a pool of two children, one busy with what its argument says; it prints their ids and waits to be killed. */
import { jobOf, oddPool, patient, until } from './pools.ts';

const pool = oddPool({ size: 2 });
await until(() => pool.status().ready === 2);
void pool.analyse(jobOf(process.argv[2] ?? 'hold'), patient());
console.log(JSON.stringify(pool.status().pids));
