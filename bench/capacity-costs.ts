/**
 * Costs that capacity-measure.ts measured on 2026-11-27: two cores of an AMD EPYC, Node.js 26, MariaDB 10.11, while
 * other programs kept the machine busy (load 5 to 20). SQLite with 1,000,000 results, MariaDB with 200,000.
 */
import type { Costs } from './capacity-model.ts';

/** New photos on SQLite: 14.7 ms and 26.1 ms with 0.16 MB and 1.09 MP, 18.5 ms and 38.3 ms with 1.02 MB and 10.68 MP. */
const photo = { uploadMs: 14, uploadMsPerMegabyte: 4.4, decodeMs: 24.7, decodeMsPerMegapixel: 1.28 };

/** Under load: docs/benchmarks.md. */
const memory = { serverMegabytes: 280, decoderMegabytes: 200 };

const sqlite: Costs = {
  ...photo,
  ...memory,
  lookupMs: { hit: 0.27, miss: 0.122 },
  database: { msPerLookup: 0, msPerPhoto: 0, statementsPerLookup: 0, statementsPerPhoto: 0 },
  bytesPerResult: 407,
  bytesPerRecord: 256,
};

const mysql: Costs = {
  ...photo,
  ...memory,
  lookupMs: { hit: 0.369, miss: 0.166 },
  database: { msPerLookup: 0.191, msPerPhoto: 7.9, statementsPerLookup: 0.406, statementsPerPhoto: 8.5 },
  // With the space that InnoDB allocates ahead, which is a smaller share of a larger table.
  bytesPerResult: 691,
  bytesPerRecord: 675,
};

export function costsOf(database: 'mysql' | 'sqlite'): Costs {
  return database === 'mysql' ? mysql : sqlite;
}
