import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { SetupError } from '../errors.ts';
import { type Text, text, verbatim } from '../messages/text.ts';
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
  const pem = contentOf(file);
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new SetupError(
      text('MYSQL_TLS_CA must name a file of certificates (PEM), not {file}', { file: JSON.stringify(file) }),
    );
  return pem;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new SetupError(text("{file} can't be read: {code}", { file: `MYSQL_TLS_CA=${file}`, code }));
  }
}

/** In words for people; never the password. */
export function driverName({ store }: Config): Text {
  if (store.kind === 'sqlite') return verbatim(`SQLite, ${store.file}`);
  const tls = store.tls ? `, TLS (${store.tls.mode})` : '';
  const place = { address: `${store.host}:${store.port}`, database: `${store.database}${tls}` };
  const primary = text('MySQL at {address}, database {database}', place);
  if (!store.replica) return primary;
  const replica = `${store.replica.host}:${store.replica.port}`;
  return text('{primary}; look-ups at {replica}', { primary, replica });
}
