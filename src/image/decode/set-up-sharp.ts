import sharp from 'sharp';

/** The only libvips loaders that may see an upload. SVG, TIFF, PDF and a dozen more are refused by libvips itself. */
const acceptedLoaders = [
  'VipsForeignLoadJpegBuffer',
  'VipsForeignLoadPngBuffer',
  'VipsForeignLoadWebpBuffer',
  'VipsForeignLoadNsgifBuffer',
  'VipsForeignLoadHeifBuffer',
];

/**
 * Prepares sharp for a process that decodes one untrusted photo at a time: no cache (each photo comes once), no
 * threads of its own (the pool has a process per core), accepted formats only. Holds for the whole process.
 */
export function setUpSharp(): void {
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: acceptedLoaders });
}
