import { flag, integer, text } from './kinds.ts';

/** What is accepted as a photo, beside its size in bytes. */
export const imageVariables = {
  MAX_MEGAPIXELS: integer({
    about: 'Most pixels of a photo',
    default: 100,
    min: 1,
    max: 1000,
    unit: 'MP',
  }),
  MEGAPIXEL_LIMITS: text({
    about:
      'Most pixels of kinds that cost more, as kind:megapixels, separated by commas; kinds not named keep theirs, which are progressive:25 (JPEG), png:50, interlaced:16 (PNG), webp:50, gif:16, avif:16, heic:50 (without a thumbnail)',
    range: 'kind:1 to 1000, …',
    pattern:
      /^(progressive|png|interlaced|webp|gif|avif|heic):[1-9]\d{0,3}(,\s*(progressive|png|interlaced|webp|gif|avif|heic):[1-9]\d{0,3})*$/,
  }),
  HEIC: flag({ about: 'off: HEIC photos are refused with 415 (docs/licences.md)', default: true }),
  UPLOAD_MIN_RATE: integer({
    about:
      'Slowest upload: one that brings less on average over UPLOAD_RATE_WINDOW is ended with 408. 0: none is too slow',
    default: 1000,
    min: 0,
    max: 10000000,
    unit: 'bytes/s',
  }),
  UPLOAD_RATE_WINDOW: integer({
    about: 'Time over which the rate of an upload is taken: connections of phones rest and come back',
    default: 30,
    min: 1,
    max: 600,
    unit: 's',
  }),
};
