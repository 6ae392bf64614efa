/** Arithmetic of docs/scaling.md: what a service needs for a load, from the costs that were measured. */

/** CPU milliseconds, bytes and statements of single operations; `capacity-costs.ts` says where each was measured. */
export interface Costs {
  /** CPU of the server process for a look-up by hash. */
  readonly lookupMs: { readonly hit: number; readonly miss: number };
  /** CPU of the server process for a new photo, without its bytes. */
  readonly uploadMs: number;
  /** CPU of the server process for each megabyte of an upload. */
  readonly uploadMsPerMegabyte: number;
  /** CPU of a decoder process for a new photo: a constant, and for each megapixel. */
  readonly decodeMs: number;
  readonly decodeMsPerMegapixel: number;
  /** Of the database server; both are 0 with SQLite, which works in the server process. */
  readonly database: {
    readonly msPerLookup: number;
    readonly msPerPhoto: number;
    readonly statementsPerLookup: number;
    readonly statementsPerPhoto: number;
  };
  readonly bytesPerResult: number;
  readonly bytesPerRecord: number;
  readonly serverMegabytes: number;
  readonly decoderMegabytes: number;
}

export interface Load {
  /** Photos that clients ask about, per second: each is looked up, and uploaded on a miss. */
  readonly rate: number;
  /** Share of look-ups that hit, 0 to 1. */
  readonly hits: number;
  /** Results in the database. */
  readonly photos: number;
  readonly megapixels: number;
  readonly megabytes: number;
  /** Cores of one replica. */
  readonly cores: number;
  /** Of a call of the LLM. */
  readonly callSeconds: number;
  /** Calls that the vendor accepts per second. */
  readonly vendorRate: number;
  readonly pricePerThousand: number;
  readonly retentionDays: number;
  /** One in this many hits leaves a record. */
  readonly hitRecords: number;
}

export interface Needs {
  readonly serverCores: number;
  readonly decoderCores: number;
  readonly databaseCores: number;
  readonly replicas: number;
  readonly megabytesPerReplica: number;
  readonly statementsPerSecond: number;
  readonly databaseGigabytes: number;
  readonly llmCallsPerSecond: number;
  readonly llmCallsAtOnce: number;
  readonly moneyPerDay: number;
  /** Share of each limit of one replica, one database and one vendor account; the first is reached first. */
  readonly limits: readonly { readonly name: string; readonly share: number }[];
}

/** Above it, queues grow quickly. */
const busiest = 0.7;
/** A database server that this model assumes: a larger one moves its limit in proportion. */
const databaseCores = 8;

export function needsOf(load: Load, costs: Costs): Needs {
  const { rate, hits, cores } = load;
  const uploads = rate * (1 - hits);
  const { lookupMs, database } = costs;
  const serverCores =
    (rate * (hits * lookupMs.hit + (1 - hits) * lookupMs.miss) +
      uploads * (costs.uploadMs + load.megabytes * costs.uploadMsPerMegabyte)) /
    1000;
  const decodeMs = costs.decodeMs + load.megapixels * costs.decodeMsPerMegapixel;
  const decoderCores = (uploads * decodeMs) / 1000;
  const databaseCpu = (rate * database.msPerLookup + uploads * database.msPerPhoto) / 1000;
  const replicas = Math.max(1, Math.ceil((serverCores + decoderCores) / (cores * busiest)));
  const records = uploads + (rate * hits) / load.hitRecords;
  const daySeconds = 86_400;
  return {
    serverCores,
    decoderCores,
    databaseCores: databaseCpu,
    replicas,
    megabytesPerReplica: cores * (costs.serverMegabytes + costs.decoderMegabytes),
    statementsPerSecond: rate * database.statementsPerLookup + uploads * database.statementsPerPhoto,
    databaseGigabytes:
      (load.photos * costs.bytesPerResult +
        records * daySeconds * load.retentionDays * costs.bytesPerRecord) /
      1e9,
    llmCallsPerSecond: uploads,
    llmCallsAtOnce: uploads * load.callSeconds,
    moneyPerDay: (uploads * daySeconds * load.pricePerThousand) / 1000,
    limits: [
      { name: 'cores of one replica', share: (serverCores + decoderCores) / (cores * busiest) },
      { name: 'cores of the database', share: databaseCpu / (databaseCores * busiest) },
      { name: 'calls that the vendor accepts', share: uploads / load.vendorRate },
    ].sort((one, other) => other.share - one.share),
  };
}
