/**
 * The service between a cache miss and an answer, in the process that has the photo, as gateway.ts measures it; a
 * child of it. What a gateway does beside a service, this does inside one.
 */
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { readTaxonomy } from '../src/classify/taxonomy.ts';
import { openDriver } from '../src/compose/driver.ts';
import { loadConfig } from '../src/config.ts';
import { pixelLimitsOf } from '../src/image/firewall/limits.ts';
import { type ReceivedUpload, receivedUpload } from '../src/image/receive.ts';
import { withOriginals } from '../src/image/with-originals.ts';
import { letHeapGrow } from '../src/process/heap.ts';
import { openVision } from '../src/vision/open-vision.ts';
import { promptOf } from '../src/vision/prompt.ts';
import { evenly } from './gateway-load.ts';

letHeapGrow();
const config = loadConfig('/dev/null');
if (!config.llm) throw new Error('no LLM is configured');
const taxonomy = readTaxonomy(config.taxonomyFile);
const store = openDriver(config);
await store.migrate();
const vision = openVision(config.llm, {
  taxonomy,
  prompt: promptOf({ taxonomy, ...config.prompt }),
  timeZone: config.timeZone,
  ledger: store,
  refusals: store,
  log: pino({ level: 'warn' }),
  hooks: {},
});
const photos = withOriginals(
  {
    open() {
      throw new Error('the picture needs a decoder');
    },
  },
  pixelLimitsOf(config.limits.pixels, config.limits.pixelsByKind),
);

async function ask(upload: ReceivedUpload): Promise<void> {
  const photo = photos.open(upload);
  const { signal } = new AbortController();
  await vision.classifier.classify(photo, { deadline: { leftMs: () => 25_000 }, signal, lane: 'single' });
  photo.close();
}

process.on(
  'message',
  async ({ picture, rate, seconds }: { picture: string; rate: number; seconds: number }) => {
    const bytes = Buffer.from(picture, 'base64');
    const uploaded = () => receivedUpload(Buffer.from(bytes), randomBytes(32).toString('hex'), () => {});
    process.send?.(await evenly(rate, seconds, uploaded, ask));
  },
);
process.on('SIGTERM', () => process.exit(0));
process.send?.({ port: 0 });
