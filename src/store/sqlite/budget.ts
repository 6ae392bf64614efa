import type { SpendCap } from '../entities.ts';
import { wholeMicro } from '../rows/columns.ts';
import type { SqliteDatabase } from './database.ts';

/** Adds to every period, or to none where one would pass its cap; what it returns are the periods it added to. */
const reserveSql = `INSERT INTO llm_spend (period, spent_micro)
  SELECT j.value ->> 0, ?1 FROM json_each(?2) j
  WHERE NOT EXISTS (
    SELECT 1 FROM json_each(?2) c LEFT JOIN llm_spend s ON s.period = c.value ->> 0
    WHERE coalesce(s.spent_micro, 0) + ?1 > c.value ->> 1)
  ON CONFLICT (period) DO UPDATE SET spent_micro = spent_micro + excluded.spent_micro
  RETURNING period`;

export async function reserveSpend(
  database: SqliteDatabase,
  amountMicro: number,
  caps: readonly SpendCap[],
): Promise<boolean> {
  const rows = caps.map(({ period, capMicro }) => [period, wholeMicro(capMicro)]);
  return (await database.all(reserveSql, wholeMicro(amountMicro), JSON.stringify(rows))).length > 0;
}

const addSql = `INSERT INTO llm_spend (period, spent_micro) SELECT value, ? FROM json_each(?) WHERE true
  ON CONFLICT (period) DO UPDATE SET spent_micro = spent_micro + excluded.spent_micro`;

export async function addSpend(
  database: SqliteDatabase,
  differenceMicro: number,
  periods: readonly string[],
): Promise<void> {
  await database.run(addSql, wholeMicro(differenceMicro), JSON.stringify(periods));
}
