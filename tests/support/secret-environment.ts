import type { Variable } from '../../src/config/kinds.ts';
import { providerVariables } from '../../src/config/llm-variables.ts';
import { variables } from '../../src/config/variables.ts';

/** Stands in every secret below. */
export const mark = 'hush5Kq';

type Table = Readonly<Record<string, Variable<unknown>>>;

/** Values by name, where a secret is more than a word. */
const forms: Readonly<Record<string, string>> = {
  DATABASE_URL: `mysql://me:${mark}%40@127.0.0.1:3306/album_secrets`,
  MYSQL_READ_URL: `mysql://me:${mark}%40@127.0.0.1:3306/album_secrets`,
  ALBUM_API_KEY: `ack_${mark}`,
  LLM_BASE_URL: `http://${mark}:${mark}@127.0.0.1:9/v1?key=${mark}#${mark}`,
  LLM_EXTRA_BODY: `{"metadata":{"token":"${mark}"}}`,
};

function secretsOf(table: Table, prefix = ''): Record<string, string> {
  const names = Object.entries(table).flatMap(([name, { secret }]) => (secret ? [name] : []));
  return Object.fromEntries(
    names.map((name) => [
      prefix + name,
      forms[name] ?? forms[`LLM_${name}`] ?? `${mark}-${name.toLowerCase()},${mark}-2`,
    ]),
  );
}

/** Every secret variable there is, and those of a provider called `mine`, all of them set. */
export const secretEnvironment: Readonly<Record<string, string>> = {
  ...secretsOf(variables),
  ...secretsOf(providerVariables, 'LLM_MINE_'),
};

/** As one provider and as one of several, with MySQL by its URL and by its parts. */
export const secretEnvironments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'one provider': secretEnvironment,
  'several providers': { ...secretEnvironment, LLM_PROVIDERS: 'mine', LLM_MINE_PROVIDER: 'openai' },
  'MySQL by its parts': { ...secretEnvironment, DATABASE_URL: '', MYSQL_HOST: 'db.lan' },
};

/** Values written by mistake. */
export const wrongForms: readonly string[] = [
  mark,
  `${mark} é ${mark}`,
  `ftp://me:${mark}@db.lan/?key=${mark}`,
  `http:/${mark}:${mark}`,
  `mysql://me:100%${mark}@db.lan/album`,
  `mysql://me:12#${mark}@db.lan/album`,
  `mysql://me:12?${mark}@db.lan/album`,
  `mysql://db.lan/album?ssl-key=${mark}`,
  `{"model":"${mark}"}`,
  `["${mark}"]`,
  `{"token":"${mark}"`,
];
