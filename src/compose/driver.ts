import { readTaxonomy } from '../classify/taxonomy.ts';
import type { Config } from '../config.ts';
import { openMysqlStore } from '../store/mysql.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { configured } from './configured.ts';

/** The database that the configuration names, without a guard. */
export function openDriver({ store, claims, taxonomyFile }: Config): Store {
  const { categories } = configured(() => readTaxonomy(taxonomyFile));
  const options = { categories: categories.map(({ key }) => key), ...(claims && { sharing: claims }) };
  return store.kind === 'mysql'
    ? openMysqlStore({ ...store, ...options })
    : openSqliteStore({ ...store, ...options });
}

/** In words for people; never the password. */
export function driverName({ store }: Config): string {
  if (store.kind === 'sqlite') return `SQLite, ${store.file}`;
  return `MySQL at ${store.host}:${store.port}, database ${store.database}`;
}
