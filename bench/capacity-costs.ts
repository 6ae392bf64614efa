/**
 * Costs that capacity-measure.ts measured on 2026-11-27: two cores of an AMD EPYC, Node.js 26, MariaDB 10.11, load 5 of
 * other programs. SQLite with 1,000,000 results, MariaDB with 200,000.
 */
import type { Costs } from './capacity-model.ts';

/**
 * New photos of 0.16 MB and 1.09 MP, then of 1.02 MB and 10.68 MP. SQLite: server 4.8 and 9.3 ms, decoders 14.7 and
 * 25.8 ms. MariaDB: 5.3 and 8.6 ms, 15.2 and 27.4 ms. A line through the means.
 */
const photo = { uploadMs: 4.3, uploadMsPerMegabyte: 4.5, decodeMs: 13.6, decodeMsPerMegapixel: 1.22 };

/** Under load: docs/benchmarks.md. */
const memory = { serverMegabytes: 280, decoderMegabytes: 200 };

const sqlite: Costs = {
  ...photo,
  ...memory,
  lookupMs: { hit: 0.149, miss: 0.061 },
  database: { msPerLookup: 0, msPerPhoto: 0, statementsPerLookup: 0, statementsPerPhoto: 0 },
  bytesPerResult: 407,
  bytesPerRecord: 182,
};

const mysql: Costs = {
  ...photo,
  ...memory,
  lookupMs: { hit: 0.147, miss: 0.116 },
  database: { msPerLookup: 0.09, msPerPhoto: 2.3, statementsPerLookup: 0.48, statementsPerPhoto: 7.9 },
  // With the space that InnoDB allocates ahead, which is a smaller share of a larger table.
  bytesPerResult: 691,
  bytesPerRecord: 589,
};

export function costsOf(database: 'mysql' | 'sqlite'): Costs {
  return database === 'mysql' ? mysql : sqlite;
}
