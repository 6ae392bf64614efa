import { binaryKey } from './columns.ts';
import { bandsOf, checkedLook } from './look.ts';
import type { MysqlQuery } from './mysql-connection.ts';
import type { ContentLook } from './store.ts';

/** A content never looks different: what is there stays. */
const saveSql = `INSERT INTO looks (sha256, hash, band_a, band_b, band_c, colours, aspect) VALUES ?
  ON DUPLICATE KEY UPDATE sha256 = looks.sha256`;

export async function saveLooks(query: MysqlQuery, looks: readonly ContentLook[]): Promise<void> {
  if (looks.length === 0) return;
  const rows = looks
    .map(({ sha256, look }) => {
      const { hash, colours, aspect } = checkedLook(look);
      const digits = BigInt(`0x${hash}`).toString();
      return [binaryKey(sha256, 32), digits, ...bandsOf(hash), Buffer.from(colours, 'hex'), aspect] as const;
    })
    .sort(([a], [b]) => a.compare(b));
  await query(saveSql, [rows]);
}
