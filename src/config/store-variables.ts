import { integer, oneOf, secret, text, url } from './kinds.ts';

/** Where results, claims and records are kept. */
export const storeVariables = {
  DATABASE_URL: url({
    about: 'mysql://user:password@host:port/database, also with ?ssl-mode=…&ssl-ca=…; wins over MYSQL_*',
    protocols: ['mysql:', 'mariadb:'],
  }),
  MYSQL_HOST: text({ about: 'MySQL or MariaDB server; empty (and no DATABASE_URL): SQLite' }),
  MYSQL_PORT: integer({ about: 'Its port', default: 3306, min: 1, max: 65535 }),
  MYSQL_USER: text({ about: 'Its user', default: 'root' }),
  MYSQL_PASSWORD: secret({ about: "The user's password" }),
  MYSQL_DATABASE: text({
    about: 'Database, created when missing and allowed',
    default: 'image_classifier',
    range: '1 to 64 letters, digits, _ or -',
    pattern: /^[\w-]{1,64}$/,
  }),
  MYSQL_TLS: oneOf({
    about:
      'Whether connections are encrypted, and what of the server is checked; require: nothing, verify-ca: who issued its certificate, verify: its name too',
    words: ['off', 'require', 'verify-ca', 'verify'],
    default: 'off',
    // As MySQL's own clients call them.
    aliases: { disabled: 'off', required: 'require', verify_ca: 'verify-ca', verify_identity: 'verify' },
  }),
  MYSQL_TLS_CA: text({
    about: 'File of certificates (PEM) whose issuers are trusted; empty: those that Node.js trusts',
  }),
  MYSQL_POOL_SIZE: integer({ about: 'Connections, a worker', default: 10, min: 1, max: 1000 }),
  SQLITE_FILE: text({
    about: 'Database file where no MySQL is named',
    default: './data/album-classifier.db',
  }),
};
