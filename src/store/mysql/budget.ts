import type { SpendCap } from '../entities.ts';
import { wholeMicro } from '../rows/columns.ts';
import type { MysqlQuery } from './connection.ts';
import type { MysqlPool } from './pool.ts';

/** A period that has no room for it changes nothing. */
const reserveSql =
  'UPDATE llm_spend SET spent_micro = spent_micro + ? WHERE period = ? AND spent_micro + ? <= ?';

/** All lock the month's row first, so that no two wait for each other. */
export async function reserveSpend(
  pool: MysqlPool,
  amountMicro: number,
  [day, month]: readonly [SpendCap, SpendCap],
): Promise<boolean> {
  const amount = wholeMicro(amountMicro);
  const reserve = () =>
    pool.transaction(async (query) => {
      const charge = async ({ period, capMicro }: SpendCap) => {
        const [result] = await query(reserveSql, [amount, period, amount, wholeMicro(capMicro)]);
        return Number(result?.affectedRows) > 0;
      };
      if (!(await charge(month))) return false;
      if (await charge(day)) return true;
      await addSpend(query, -amount, [month.period]);
      return false;
    });
  if (await reserve()) return true;
  // No room, or the first call of a period.
  for (const { period } of [month, day])
    await pool.query('INSERT IGNORE INTO llm_spend (period, spent_micro) VALUES (?, 0)', [period]);
  return reserve();
}

export async function addSpend(
  query: MysqlQuery,
  differenceMicro: number,
  periods: readonly string[],
): Promise<void> {
  // In the order of the key the month comes before its days.
  const rows = [...periods].sort().map((period) => [period, wholeMicro(differenceMicro)]);
  await query(
    `INSERT INTO llm_spend (period, spent_micro) VALUES ?
      ON DUPLICATE KEY UPDATE spent_micro = spent_micro + VALUES(spent_micro)`,
    [rows],
  );
}
