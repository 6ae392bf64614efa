import type { Prepare } from './database.ts';

/** Within the transaction of what the batch writes. @returns whether it was written before */
export function isRepeated(prepared: Prepare, batch: string | undefined): boolean {
  if (batch === undefined) return false;
  const insert = prepared(
    'INSERT INTO write_batches (id, at_ms) VALUES (unhex(?), ?) ON CONFLICT DO NOTHING',
  );
  return insert.run(batch, Date.now()).changes === 0;
}
