import { clientKey, decimal, integer, oneOf, secret, type Variable } from './kinds.ts';

const oneInSoMany = integer({ about: '', default: 10, min: 1, max: 1_000_000 });

/** One in this number of cache hits is kept as a record; 0: none. */
const hitRecords: Variable<number> = {
  about:
    'Records kept of uploads and look-ups that only hit the cache: all, none, or one in this number. Sums contain all of them',
  default: '10',
  range: '1 to 1000000, all or none',
  parse(value) {
    const word = value.toLowerCase();
    if (word === 'all') return 1;
    return word === 'none' ? 0 : oneInSoMany.parse(value);
  },
};

/** Variables of access, quotas and monitoring. */
export const opsVariables = {
  OPS_TOKEN: secret({
    about:
      'Bearer token for statistics, /ops and /metrics, or several separated by commas, each in plain text or as sha256:<hex>. Empty: the token in the file ops-token beside SQLITE_FILE, which the start creates if other machines can reach the service; without both, only this machine has access',
  }),
  API_KEYS: oneOf({
    about:
      'API keys of clients (created on the command line); off: ignored, optional: checked if sent, required: always checked. The same user id with keys of different names means different users',
    words: ['off', 'optional', 'required'],
    default: 'off',
  }),
  ALBUM_API_KEY: clientKey({
    about: 'Key that the command line sends with --server; the server ignores it',
  }),
  RATE_LIMIT_USER: integer({
    about: "Requests per minute of one user id, per worker; 0: no limit. Old clients don't understand 429",
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: '1/min',
  }),
  RATE_LIMIT_NETWORK: integer({
    about:
      'Requests per minute of one network (/24, /48), per worker; 0: no limit. Phones share the addresses of their carrier',
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: '1/min',
  }),
  HIT_RECORDS: hitRecords,
  SHADOW_PERCENT: decimal({
    about:
      'Share of photos answered by the LLM that the local model classifies too while a process is idle, to measure how often both agree',
    default: 10,
    min: 0,
    max: 100,
    unit: '%',
  }),
};
