import { clientKey, decimal, integer, oneOf, secret, type Variable } from './kinds.ts';

const oneInSoMany = integer({ about: '', default: 10, min: 1, max: 1_000_000 });

/** Of photos and look-ups that only hit, one in so many is kept; 0: none. */
const hitRecords: Variable<number> = {
  about:
    'Of uploads and look-ups that only hit, how many are kept as records of their own: all, none, or one in so many. Sums have all of them',
  default: '10',
  range: '1 to 1000000, all or none',
  parse(value) {
    const word = value.toLowerCase();
    if (word === 'all') return 1;
    return word === 'none' ? 0 : oneInSoMany.parse(value);
  },
};

/** Who may see what, how much anybody may ask for, and what is watched. */
export const opsVariables = {
  OPS_TOKEN: secret({
    about:
      'Bearer token for statistics, /ops and /metrics, or several separated by commas, each as it is or as sha256:<hex>. Empty: the one in the file ops-token beside SQLITE_FILE, made where others than this machine can reach the service; without either, loopback alone is answered',
  }),
  API_KEYS: oneOf({
    about:
      'Keys of clients (made by the command line): ignored, looked at where one is sent, or required. Users of keys of different names are different users',
    words: ['off', 'optional', 'required'],
    default: 'off',
  }),
  ALBUM_API_KEY: clientKey({
    about: 'Key that the command line sends with --server; a server itself needs none',
  }),
  RATE_LIMIT_USER: integer({
    about: 'Requests a minute of one user id, a worker; 0: any number. No old client understands 429',
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: '1/min',
  }),
  RATE_LIMIT_NETWORK: integer({
    about: 'The same of one network (/24, /48): phones share the addresses of their carrier',
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: '1/min',
  }),
  HIT_RECORDS: hitRecords,
  SHADOW_PERCENT: decimal({
    about:
      'Share of photos answered by the LLM that the local model is asked for too, to see how far both agree',
    default: 10,
    min: 0,
    max: 100,
    unit: '%',
  }),
};
