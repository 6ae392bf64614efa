/**
 * An album with copies that chat apps made, sent to the whole service with an LLM. Counts calls with near duplicates off
 * and on, and checks that each copy gets the answer of its original:
 * `npm run bench -- bench/near-duplicate-album.ts FOLDER [--photos 200] [--copies 0.3]`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { photoFiles } from '../src/cli/album/photo-files.ts';
import { albumClient, ClientError } from '../src/client/client.ts';
import { startFakeLlm } from '../tests/support/fake-llm.ts';
import { chatCopies, encodings } from '../tests/support/pictures/variants.ts';
import { startService } from './start-service.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { photos: { type: 'string', default: '200' }, copies: { type: 'string', default: '0.3' } },
});

interface AlbumFile {
  readonly name: string;
  /** Of the photo that it is a copy of, or its own. */
  readonly original: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

const files = photoFiles(positionals).files.map(({ file }) => file);
const every = Math.max(1, Math.floor(files.length / Number(values.photos)));
const chosen = files.filter((_, index) => index % every === 0).slice(0, Number(values.photos));
const makers = [...Object.values(chatCopies), encodings['JPEG quality 70'], encodings['WebP quality 75']];

const album: AlbumFile[] = [];
const later: AlbumFile[] = [];
for (const [index, file] of chosen.entries()) {
  const small = readFileSync(file);
  const { width = 0, height = 0 } = await sharp(small).metadata();
  const size = { widthPx: width * 4, heightPx: height * 4 };
  const photo = sharp(small).resize(size.widthPx, size.heightPx, { kernel: 'lanczos3' });
  const bytes = Buffer.from(await photo.jpeg({ quality: 92 }).toBuffer());
  album.push({ name: file, original: file, bytes });
  if ((index * Number(values.copies)) % 1 >= Number(values.copies)) continue;
  const make = makers[index % makers.length];
  const copy = await make?.(bytes, size);
  if (!copy) continue;
  // Half of the copies lie beside their originals and come in the same request, half of them come last.
  (index % 2 ? album : later).push({ name: `copy of ${file}`, original: file, bytes: Buffer.from(copy) });
}
album.push(...later);
const copies = album.filter(({ name, original }) => name !== original).length;
console.log(`an album of ${album.length - copies} photos and ${copies} copies of some of them`);

for (const NEAR_DUPLICATES of ['off', 'on']) {
  const llm = await startFakeLlm({
    behave: ({ index }) => ({
      content: { category: 'other', confidence: 0.9, description: `answer ${index}` },
      latencyMs: 500,
    }),
  });
  const service = await startService({ LLM_BASE_URL: llm.baseUrl, LLM_MODEL: 'eyes', NEAR_DUPLICATES });
  const client = albumClient({ baseUrl: service.url, userId: 'a phone' });
  const answers = new Map<string, string>();
  const startedMs = performance.now();
  const summary = await client.classifyAlbum(
    album.map(({ name, bytes }) => ({ name, read: () => new Blob([bytes]) })),
    {
      onPhoto({ photo, result }) {
        if (!(result instanceof ClientError)) answers.set(photo.name, result.description ?? '');
      },
    },
  );
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  const isCopy = ({ name, original }: AlbumFile) => name !== original;
  const likeOriginal = album
    .filter(isCopy)
    .filter(({ name, original }) => answers.get(name) === answers.get(original));
  const originals = album.filter((file) => !isCopy(file));
  const shared = originals.length - new Set(originals.map(({ name }) => answers.get(name))).size;
  console.log(
    `near duplicates ${NEAR_DUPLICATES}: ${llm.calls.length} LLM calls for ${summary.succeeded} photos in ${seconds} s; ` +
      `${likeOriginal.length} of ${copies} copies answered like their originals, ${shared} originals answered like others`,
  );
  await service.stop();
  await llm.close();
}
