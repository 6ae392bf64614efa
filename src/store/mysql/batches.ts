import type { MysqlQuery } from './connection.ts';

/**
 * Within the transaction of what the batch writes; waits for another one with the same batch.
 * @returns whether it was written before
 */
export async function isRepeated(query: MysqlQuery, batch: string | undefined): Promise<boolean> {
  if (batch === undefined) return false;
  const [answer] = await query('INSERT IGNORE INTO write_batches (id, at_ms) VALUES (?)', [
    [Buffer.from(batch, 'hex'), Date.now()],
  ]);
  return Number(answer?.affectedRows) === 0;
}
