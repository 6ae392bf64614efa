import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import type { MysqlTls } from '../store/mysql/connection.ts';
import { openMysqlReader } from '../store/mysql/reader.ts';
import { openMysqlStore } from '../store/mysql/store.ts';
import { type Lookups, type ReadReplicaOptions, withReadReplica } from '../store/read-replica.ts';
import { openSqliteStore } from '../store/sqlite/store.ts';
import type { Store } from '../store/store.ts';
import { configured } from './configured.ts';

type TlsConfig = NonNullable<Extract<Config['store'], { kind: 'mysql' }>['tls']>;

/** The database that the configuration names, without a guard. */
export function openDriver({ store, claimTrust: trust }: Config): Store {
  return store.kind === 'mysql'
    ? openMysqlStore({ ...store, trust, ...(store.tls && { tls: tlsOf(store.tls) }) })
    : openSqliteStore({ ...store, trust });
}

/** What answers look-ups by hash: the read replica that the configuration names, or the store itself. */
export function openLookups(
  { store, claimTrust: trust }: Config,
  primary: Pick<Store, 'findResults'>,
  logger: ReadReplicaOptions['logger'],
): Lookups {
  if (store.kind !== 'mysql' || !store.replica)
    return { findResults: primary.findResults, isReplicaUp: () => undefined, close: async () => {} };
  const { tls, ...server } = store.replica;
  const { poolSize } = store;
  const replica = openMysqlReader({ ...server, poolSize, trust, ...(tls && { tls: tlsOf(tls) }) });
  return withReadReplica(replica, primary, { logger });
}

/** With the certificates themselves, which the configuration names by their file. */
function tlsOf({ mode, caFile }: TlsConfig): MysqlTls {
  return { mode, ...(caFile !== undefined && { ca: configured(() => readCertificates(caFile)) }) };
}

function readCertificates(file: string): string {
  const text = readFileSync(file, 'utf8');
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error(`MYSQL_TLS_CA must name a file of certificates (PEM), not ${JSON.stringify(file)}`);
  return text;
}

/** In words for people; never the password. */
export function driverName({ store }: Config): string {
  if (store.kind === 'sqlite') return `SQLite, ${store.file}`;
  const tls = store.tls ? `, TLS (${store.tls.mode})` : '';
  const replica = store.replica ? `; look-ups at ${store.replica.host}:${store.replica.port}` : '';
  return `MySQL at ${store.host}:${store.port}, database ${store.database}${tls}${replica}`;
}
