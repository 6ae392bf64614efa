import { isIP } from 'node:net';
import { SetupError } from '../errors.ts';
import { type Text, text, textOf } from '../messages/text.ts';
import type { ValueOf } from './kinds.ts';
import { storeVariables } from './store-variables.ts';

type StoreValues = {
  readonly [Name in keyof typeof storeVariables]: ValueOf<(typeof storeVariables)[Name]>;
};

type Server = ReturnType<typeof namedServer>;

/** The database and its connection. Adds errors to `problems`. */
export function storeFrom(values: StoreValues, problems: Text[]) {
  if (values.DATABASE_URL === '' && values.MYSQL_HOST === '') {
    if (values.MYSQL_READ_URL !== '')
      problems.push(textOf('MYSQL_READ_URL needs DATABASE_URL or MYSQL_HOST'));
    return { kind: 'sqlite' as const, file: values.SQLITE_FILE };
  }
  const named = namedServer(values);
  const server = values.DATABASE_URL === '' ? named : serverOfUrl('DATABASE_URL', values, named, problems);
  return {
    kind: 'mysql' as const,
    ...connectionOf(server, problems),
    poolSize: values.MYSQL_POOL_SIZE,
    ...(values.MYSQL_READ_URL !== '' && {
      replica: connectionOf(serverOfUrl('MYSQL_READ_URL', values, server, problems), problems),
    }),
  };
}

function connectionOf({ mode, caFile, ...reached }: Server, problems: Text[]) {
  if (mode === 'verify' && isIP(reached.host) !== 0)
    problems.push(
      textOf('MYSQL_TLS=verify needs the server’s name, not its address (or MYSQL_TLS=verify-ca)'),
    );
  return { ...reached, ...(mode !== 'off' && { tls: { mode, ...(caFile !== '' && { caFile }) } }) };
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

/** @param absent what a part is that the URL leaves out; a URL with a user has a password of its own, or none */
function serverOfUrl(
  name: 'DATABASE_URL' | 'MYSQL_READ_URL',
  values: StoreValues,
  absent: Server,
  problems: Text[],
): Server {
  const url = new URL(values[name]);
  const decoded = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      problems.push(text('{name} must write % as %25 in its user and password', { name }));
      return '';
    }
  };
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded);
  // The URL parser would take the user for the host, and an error would show part of the password.
  if (url.hash !== '' || (url.username === '' && url.search.includes('@')))
    problems.push(text('{name} must write # as %23 and ? as %3F in its user and password', { name }));
  const account =
    user || name === 'DATABASE_URL' ? { user: user || 'root', password: password ?? '' } : absent;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || 3306,
    user: account.user,
    password: account.password,
    database: database || absent.database,
    mode: modeOf(name, url.searchParams, absent.mode, problems),
    caFile: url.searchParams.get('ssl-ca') ?? absent.caFile,
  };
}

/** A parameter that means encryption in another client must not be ignored. */
function modeOf(name: string, parameters: URLSearchParams, absent: Server['mode'], problems: Text[]) {
  const unknown = [...parameters.keys()].filter(
    (key) => /^(ssl|tls)/i.test(key) && key !== 'ssl-mode' && key !== 'ssl-ca',
  );
  for (const key of unknown)
    problems.push(
      text('{name} knows ssl-mode and ssl-ca for encryption, not {key}', { name, key: JSON.stringify(key) }),
    );
  const written = parameters.get('ssl-mode');
  if (written === null) return absent;
  try {
    return storeVariables.MYSQL_TLS.parse(written);
  } catch (error) {
    problems.push(
      text('ssl-mode of {name} must be {accepted}', { name, accepted: SetupError.textOf(error) }),
    );
    return absent;
  }
}
