import type { SpendCap } from '../entities.ts';
import { wholeMicro } from '../rows/columns.ts';
import type { MysqlQuery } from './connection.ts';

/**
 * Both periods in one statement, so that neither is charged without the other. All lock the month's row first, so that
 * no two wait for each other.
 */
const reserveSql = `UPDATE llm_spend m STRAIGHT_JOIN llm_spend d ON d.period = ?
  SET m.spent_micro = m.spent_micro + ?, d.spent_micro = d.spent_micro + ?
  WHERE m.period = ? AND m.spent_micro + ? <= ? AND d.spent_micro + ? <= ?`;

export async function reserveSpend(
  query: MysqlQuery,
  amountMicro: number,
  [day, month]: readonly [SpendCap, SpendCap],
): Promise<boolean> {
  const amount = wholeMicro(amountMicro);
  const reserve = async () => {
    const [result] = await query(reserveSql, [
      day.period,
      amount,
      amount,
      month.period,
      amount,
      wholeMicro(month.capMicro),
      amount,
      wholeMicro(day.capMicro),
    ]);
    return Number(result?.affectedRows) > 0;
  };
  if (await reserve()) return true;
  // No room, or the first call of a period.
  for (const { period } of [month, day])
    await query('INSERT IGNORE INTO llm_spend (period, spent_micro) VALUES (?, 0)', [period]);
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
