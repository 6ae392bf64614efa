import { lockTimeout, outage, StatementError } from '../outage.ts';

/**
 * Server errors that say "this server, this user or this moment", not "this row":
 * https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-codes/
 */
const outageNumbers = new Set([
  1021, // disk full
  1030, // error from the storage engine
  1037, // out of memory
  1040, // too many connections
  1041, // out of resources
  1044, // user has no right to the database
  1045, // access denied
  1047, // Galera: the node has left the cluster
  1049, // unknown database
  1053, // shutdown in progress
  1114, // table full
  1129, // host is blocked
  1130, // host is not allowed
  1142, // command denied
  1146, // no such table: not migrated yet, or dropped
  1203, // user has too many connections
  1205, // lock wait timeout
  1226, // user has exceeded a resource limit
  1290, // server runs read-only
  1317, // query interrupted
  1792, // read-only transaction
  1836, // read-only mode
  1927, // connection was killed
  1969, // MariaDB: statement ran too long
  3159, // only encrypted connections are taken
  3024, // MySQL: statement ran too long
  4031, // disconnected for inactivity
]);

/** The server, or the user's account, has no connection left. */
const connectionLimitNumbers = [1040, 1203, 1226];

const readOnlyNumbers = new Set([1290, 1792, 1836]);
const contentionNumbers = new Set([
  1020, // MariaDB 11.6+: the row has changed since it was read
  1205,
  1213,
  3101, // Group Replication: another member has changed the row
]);

function numberOf(error: unknown): number | undefined {
  const number = error instanceof Error ? Reflect.get(error, 'errno') : undefined;
  // A system call's failure has a negative errno, a server's answer a positive one.
  return typeof number === 'number' && number > 0 ? number : undefined;
}

export function hasNumber(error: unknown, ...numbers: readonly number[]): boolean {
  const number = numberOf(error);
  return number !== undefined && numbers.includes(number);
}

export function isConnectionLimit(error: unknown): boolean {
  return hasNumber(error, ...connectionLimitNumbers);
}

/** A deadlock or a lock waited for too long: rolled back whole, so it may be tried again. */
export function isContention(error: unknown): boolean {
  return hasNumber(error, ...contentionNumbers);
}

/** After which a connection is of no use: it is broken, or leads to a server that no longer takes writes. */
export function breaksConnection(error: unknown): boolean {
  return numberOf(error) === undefined || hasNumber(error, ...readOnlyNumbers);
}

/** The driver's error without its statement, which holds users' rows. */
export function translated(error: unknown): Error {
  if (!(error instanceof Error)) return outage(String(error));
  const number = numberOf(error);
  const code = String(Reflect.get(error, 'code') ?? number ?? error.name);
  if (number === undefined || outageNumbers.has(number)) return outage(`${code}: ${error.message}`);
  // After all tries; the rows are not at fault.
  if (contentionNumbers.has(number)) return lockTimeout(`${code}: ${error.message}`);
  return new StatementError(code, error.message);
}
