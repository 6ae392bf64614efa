/** Hostile photos for benches: those that the header check refuses, and the most expensive that it accepts. */
import sharp from 'sharp';
import * as hostile from '../tests/support/hostile-files.ts';

export type Named = readonly (readonly [name: string, bytes: Buffer])[];

const canvas = (edgePx: number) =>
  sharp({
    create: { width: edgePx, height: edgePx, channels: 4, background: '#5a781e' },
    limitInputPixels: false,
  });
const opaque = (edgePx: number) => canvas(edgePx).removeAlpha();
const deep = { depth: 16, colourType: 6 };
const tiny = { widthPx: 64, heightPx: 64, rawBytes: 64 * 193 };

export const refusedBombs: Named = [
  ['progressive JPEG, 7000², 883 passes', await hostile.manyScans(7000, 883)],
  ['progressive JPEG, 5000², 883 passes', await hostile.manyScans(5000, 883)],
  ['JPEG that claims 65500²', await hostile.jpegClaiming({ widthPx: 65_500, heightPx: 65_500 })],
  ['JPEG of 100,000 segments', await hostile.jpegWithSegments(100_000, 2)],
  ['AVIF, 7000²', await opaque(7000).avif({ effort: 0 }).toBuffer()],
  ['AVIF that claims 60000²', hostile.isoFile({ brand: 'avif', widthPx: 60_000, heightPx: 60_000 })],
  [
    'PNG, 7000², 16-bit RGBA, interlaced',
    await canvas(7000).toColourspace('rgb16').png({ progressive: true }).toBuffer(),
  ],
  ['PNG, 1×4,900,000', hostile.png({ widthPx: 1, heightPx: 4_900_000, rawBytes: 4 * 4_900_000 })],
  ['GIF of 200,000 frames', hostile.gif(64, 64, 200_000)],
  ['GIF of 65535²', hostile.gif(65_535, 65_535, 1)],
  ['WebP that claims 16383²', await hostile.webpClaiming(16_383, 16_383)],
  [
    'HEIC of a tile named 10,000 times',
    hostile.isoFile({ brand: 'heic', widthPx: 4000, heightPx: 3000, tiles: 2, repeats: 10_000 }),
  ],
  ['boxes in boxes, 3000 deep', hostile.nestedBoxes(3000)],
  ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
];

export const expensivePhotos: Named = [
  ['JPEG of 11.8 MB of metadata', await hostile.jpegWithSegments(180, 65_535)],
  ['JPEG, 10000²', await opaque(10_000).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()],
  ['progressive JPEG, 4950², 64 empty passes', await hostile.emptyPasses(4950)],
  ['progressive JPEG, 5000², 50 passes', await hostile.manyScans(5000, 50)],
  ['progressive JPEG, 4500², dense passes', await hostile.denseScans(4500, 50)],
  ['AVIF, 4000²', await opaque(4000).avif({ effort: 0, chromaSubsampling: '4:4:4' }).toBuffer()],
  [
    'PNG, 7000², 16-bit RGBA',
    hostile.png({ widthPx: 7000, heightPx: 7000, ...deep, rawBytes: 7000 * 56_001 }),
  ],
  [
    'PNG, 4000², 16-bit RGBA, interlaced',
    await canvas(4000).toColourspace('rgb16').png({ progressive: true }).toBuffer(),
  ],
  [
    'PNG with 1.2 GB of comments',
    hostile.png({ ...tiny, chunks: Array(24).fill(hostile.burstingText(5e7)) }),
  ],
  ['PNG with a colour profile of 1 GB', hostile.png({ ...tiny, chunks: [hostile.burstingProfile(1e9)] })],
  ['WebP, 7000², lossless', await opaque(7000).webp({ effort: 0, lossless: true }).toBuffer()],
  ['GIF, 4000²', await opaque(4000).gif({ effort: 1 }).toBuffer()],
  ['GIF of 5000 frames', hostile.gif(480, 480, 5000)],
];
