import { integer, oneOf, secret, text, url } from './kinds.ts';

/** Variables of the database. */
export const storeVariables = {
  DATABASE_URL: url({
    about:
      'mysql://user:password@host:port/database, optionally with ?ssl-mode=…&ssl-ca=…; overrides MYSQL_*',
    protocols: ['mysql:', 'mariadb:'],
  }),
  MYSQL_HOST: text({ about: 'MySQL or MariaDB server; empty (and no DATABASE_URL): SQLite' }),
  MYSQL_PORT: integer({ about: 'Port of the server', default: 3306, min: 1, max: 65535 }),
  MYSQL_USER: text({ about: 'User of the database', default: 'root' }),
  MYSQL_PASSWORD: secret({ about: 'Password of the user' }),
  MYSQL_DATABASE: text({
    about: 'Name of the database; created if it does not exist and the user may create it',
    default: 'image_classifier',
    range: '1 to 64 letters, digits, _ or -',
    pattern: /^[\w-]{1,64}$/,
  }),
  MYSQL_TLS: oneOf({
    about:
      'Encryption of connections; require: without a check of the server, verify-ca: checks the issuer of its certificate, verify: also its name',
    words: ['off', 'require', 'verify-ca', 'verify'],
    default: 'off',
    // The names that MySQL's own clients use.
    aliases: { disabled: 'off', required: 'require', verify_ca: 'verify-ca', verify_identity: 'verify' },
  }),
  MYSQL_TLS_CA: text({
    about: "File of trusted issuers' certificates (PEM); empty: those that Node.js trusts",
  }),
  MYSQL_READ_URL: url({
    about:
      'Read replica for look-ups by hash, written like DATABASE_URL; what it leaves out is taken from there. Where it fails, the primary answers',
    protocols: ['mysql:', 'mariadb:'],
  }),
  MYSQL_POOL_SIZE: integer({ about: 'Connections per worker', default: 10, min: 1, max: 1000 }),
  SQLITE_FILE: text({
    about: 'File of the SQLite database, used without MySQL',
    default: './data/album-classifier.db',
  }),
  JOURNAL_DIR: text({
    about: 'Folder of the journal, which keeps writes while MySQL is down; empty: the folder of SQLITE_FILE',
  }),
  JOURNAL_MAX_MB: integer({
    about: 'Largest journal, per worker; beyond it the oldest records are dropped first, results last',
    default: 256,
    min: 1,
    max: 100_000,
  }),
};
