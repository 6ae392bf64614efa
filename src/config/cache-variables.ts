import { integer, oneOf } from './kinds.ts';
import { retiredWords } from './retired.ts';

/** Variables of the cache: what is remembered, for how long, and whom it believes. */
export const cacheVariables = {
  CACHE_EPOCH: integer({
    about: 'Raise it to leave every stored result behind',
    default: 0,
    min: 0,
    max: 999999,
  }),
  PROVISIONAL_TTL: integer({
    about: 'How long a local answer stands in where an LLM is preferred',
    default: 600,
    min: 0,
    max: 86400,
    unit: 's',
  }),
  RESULT_TTL: integer({
    about: 'How long an ordinary result lives; 0: for ever',
    default: 0,
    min: 0,
    max: 36500,
    unit: 'days',
  }),
  MAX_RESULTS: integer({
    about: 'Results kept; beyond it those used least recently go; 0: all',
    default: 0,
    min: 0,
    max: 1_000_000_000,
  }),
  MEMORY_CACHE_ENTRIES: integer({
    about: 'Results kept in memory, a worker',
    default: 50000,
    min: 1,
    max: 10000000,
  }),
  MEMORY_CACHE_TTL: integer({
    about:
      'How long; bounds how stale a worker may be, and how long it remembers what was forgotten elsewhere',
    default: 30,
    min: 1,
    max: 30,
    unit: 's',
  }),
  CLAIM_TRUST: oneOf({
    about:
      "Whose word counts that a hash belongs to a photo: the asker's own, or also anybody's newest (which lets one client decide what everybody is told)",
    words: ['own', 'all'],
    default: 'own',
    aliases: retiredWords.CLAIM_TRUST,
  }),
  LEASE_TTL: integer({
    about: 'After which another process takes over a call whose process died; renewed while it lives',
    default: 8,
    min: 1,
    max: 600,
    unit: 's',
  }),
  NEAR_DUPLICATES: oneOf({
    about:
      'Whether a copy of a photo in the same album (same user id), re-encoded or resized, gets its answer; empty: on where an LLM is asked',
    words: ['off', 'on'],
    default: '',
    aliases: retiredWords.NEAR_DUPLICATES,
  }),
};
