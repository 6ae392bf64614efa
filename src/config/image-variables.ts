import { flag, integer, text } from './kinds.ts';

/** Limits of accepted photos other than their size in bytes. */
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
      'Most pixels of formats that cost more to decode, as format:megapixels, separated by commas; others keep their defaults: progressive:25 (JPEG), png:50, interlaced:16 (PNG), webp:50, gif:16, avif:16, heic:50 (without a thumbnail)',
    range: 'kind:1 to 1000, …',
    pattern:
      /^(progressive|png|interlaced|webp|gif|avif|heic):[1-9]\d{0,3}(,\s*(progressive|png|interlaced|webp|gif|avif|heic):[1-9]\d{0,3})*$/,
  }),
  HEIC: flag({
    about: 'Whether HEIC photos are accepted; off refuses them with 415 (docs/licences.md)',
    default: true,
  }),
  UPLOAD_MIN_RATE: integer({
    about:
      'Uploads of one address that bring less for five seconds end with 408 while others wait for memory, if they hold more than a sixteenth of UPLOAD_BUDGET_MB together. One that brings nothing for 30 s ends in any case; 0: none ends',
    default: 16_384,
    min: 0,
    max: 10000000,
    unit: 'bytes/s',
  }),
};
