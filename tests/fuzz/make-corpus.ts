/** Makes the seeds of the fuzzer from docs/samples: `node tests/fuzz/make-corpus.ts`. tiny.heic is heif-enc's. */
import { writeFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';

const tiny = sharp('docs/samples/cat.jpg').resize(48, 32, { fit: 'cover' });
const save = async (name: string, image: Sharp) =>
  writeFileSync(`tests/fixtures/corpus/${name}`, await image.toBuffer());

await save(
  'baseline.jpg',
  tiny
    .clone()
    .withExif({ IFD0: { Make: 'Corpus' } })
    .jpeg({ quality: 50 }),
);
await save('progressive.jpg', tiny.clone().jpeg({ quality: 50, progressive: true }));
await save('grey.jpg', tiny.clone().greyscale().jpeg({ quality: 50 }));
await save('cmyk.jpg', tiny.clone().toColourspace('cmyk').jpeg({ quality: 50 }));
await save('colour.png', tiny.clone().png());
await save('palette.png', tiny.clone().png({ palette: true }));
await save('interlaced.png', tiny.clone().ensureAlpha(0.5).png({ progressive: true }));
await save('deep.png', tiny.clone().resize(16, 16).toColourspace('rgb16').png());
await save('lossy.webp', tiny.clone().webp({ quality: 50 }));
await save('lossless.webp', tiny.clone().ensureAlpha(0.5).webp({ lossless: true }));
await save('still.gif', tiny.clone().gif());
await save('picture.avif', tiny.clone().avif({ quality: 40 }));
const frames = await Promise.all(
  [0, 180].map((angle) => tiny.clone().rotate(angle).resize(16, 16, { fit: 'cover' }).png().toBuffer()),
);
for (const format of ['gif', 'webp'] as const)
  await save(`animated.${format}`, sharp(frames, { join: { animated: true } })[format]());
