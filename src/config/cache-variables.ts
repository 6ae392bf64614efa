import { integer, oneOf } from './kinds.ts';
import { retiredWords } from './retired.ts';

/** Variables of the cache: what it keeps, for how long, and which claims it trusts. */
export const cacheVariables = {
  CACHE_EPOCH: integer({
    about: "Number that is part of every result's version; raise it to ignore all stored results",
    default: 0,
    min: 0,
    max: 999999,
  }),
  PROVISIONAL_TTL: integer({
    about: 'How long a local answer counts if an LLM is preferred',
    default: 600,
    min: 0,
    max: 86400,
    unit: 's',
  }),
  RESULT_TTL: integer({
    about: 'How long a result is kept; 0: for ever',
    default: 0,
    min: 0,
    max: 36500,
    unit: 'days',
  }),
  MAX_RESULTS: integer({
    about:
      'Number of results kept; up to 5 % more may stay for a while; the least recently used are deleted first; 0: all',
    default: 0,
    min: 0,
    max: 1_000_000_000,
  }),
  MEMORY_CACHE_ENTRIES: integer({
    about: 'Results in memory, per worker',
    default: 50000,
    min: 1,
    max: 10000000,
  }),
  MEMORY_CACHE_TTL: integer({
    about:
      "How long a result stays in memory; other workers' changes and deletions take effect within this time",
    default: 30,
    min: 1,
    max: 30,
    unit: 's',
  }),
  CLAIM_TRUST: oneOf({
    about:
      'Claims that a look-up by hash trusts; own: those of the asker, all: the newest of any client, which lets one client decide what others get',
    words: ['own', 'all'],
    default: 'own',
    aliases: retiredWords.CLAIM_TRUST,
  }),
  NEAR_DUPLICATES: oneOf({
    about:
      'Whether a resized or recompressed copy in the same album (same user id) gets the answer of its original; empty: on with an LLM',
    words: ['off', 'on'],
    default: '',
    aliases: retiredWords.NEAR_DUPLICATES,
  }),
};
