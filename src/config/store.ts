import { isIP } from 'node:net';
import type { ValueOf } from './kinds.ts';
import { storeVariables } from './store-variables.ts';

type StoreValues = {
  readonly [Name in keyof typeof storeVariables]: ValueOf<(typeof storeVariables)[Name]>;
};

/** The database and its connection. Adds errors to `problems`. */
export function storeFrom(values: StoreValues, problems: string[]) {
  if (values.DATABASE_URL === '' && values.MYSQL_HOST === '')
    return { kind: 'sqlite' as const, file: values.SQLITE_FILE };
  const server = values.DATABASE_URL === '' ? namedServer(values) : serverOfUrl(values, problems);
  const { mode, caFile, ...reached } = server;
  if (mode === 'verify' && isIP(reached.host) !== 0)
    problems.push(`MYSQL_TLS=verify needs the server's name, not its address (or MYSQL_TLS=verify-ca)`);
  return {
    kind: 'mysql' as const,
    ...reached,
    poolSize: values.MYSQL_POOL_SIZE,
    ...(mode !== 'off' && { tls: { mode, ...(caFile !== '' && { caFile }) } }),
  };
}

function namedServer(values: StoreValues) {
  return {
    host: values.MYSQL_HOST,
    port: values.MYSQL_PORT,
    user: values.MYSQL_USER,
    password: values.MYSQL_PASSWORD,
    database: values.MYSQL_DATABASE,
    mode: values.MYSQL_TLS,
    caFile: values.MYSQL_TLS_CA,
  };
}

function serverOfUrl(values: StoreValues, problems: string[]) {
  const url = new URL(values.DATABASE_URL);
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map((part) =>
    decoded(part, problems),
  );
  // The URL parser would take the user for the host, and an error would show part of the password.
  if (url.hash !== '' || (url.username === '' && url.search.includes('@')))
    problems.push('DATABASE_URL must write # as %23 and ? as %3F in its user and password');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || 3306,
    user: user || 'root',
    password: password ?? '',
    database: database || values.MYSQL_DATABASE,
    mode: modeOf(url.searchParams, values, problems),
    caFile: url.searchParams.get('ssl-ca') ?? values.MYSQL_TLS_CA,
  };
}

function decoded(part: string, problems: string[]): string {
  try {
    return decodeURIComponent(part);
  } catch {
    problems.push('DATABASE_URL must write % as %25 in its user and password');
    return '';
  }
}

/** A parameter that means encryption in another client must not be ignored. */
function modeOf(parameters: URLSearchParams, values: StoreValues, problems: string[]) {
  const unknown = [...parameters.keys()].filter(
    (name) => /^(ssl|tls)/i.test(name) && name !== 'ssl-mode' && name !== 'ssl-ca',
  );
  for (const name of unknown)
    problems.push(`DATABASE_URL knows ssl-mode and ssl-ca for encryption, not ${JSON.stringify(name)}`);
  const written = parameters.get('ssl-mode');
  if (written === null) return values.MYSQL_TLS;
  try {
    return storeVariables.MYSQL_TLS.parse(written);
  } catch (error) {
    problems.push(`ssl-mode of DATABASE_URL must be ${(error as Error).message}`);
    return values.MYSQL_TLS;
  }
}
