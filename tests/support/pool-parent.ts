/** A process with a pool of two children, one busy with what its argument says; it prints their ids and waits to be killed. */
import { jobOf, longContext, scriptedPool, until } from './pools.ts';

const pool = scriptedPool({ size: 2 });
await until(() => pool.status().ready === 2);
void pool.analyse(jobOf(process.argv[2] ?? 'hold'), longContext());
console.log(JSON.stringify(pool.status().pids));
