/**
 * Wall time of an album compared with the ideal: 50 photos of 1 s with 1, 3, 10 and 20 at once, in this process and
 * through a server, then one batch of 10 photos of 3 s with a limit of 3.
 * `npm run bench bench/album-concurrency.ts [strategy] [at once …]`
 */
import { join } from 'node:path';
import { startFakeLlm } from '../tests/support/fake-llm.ts';
import { freshFolder, generatedPhoto, runClassify, writeAlbum } from './album-photos.ts';
import { startService } from './start-service.ts';

const photos = 50;
const folder = freshFolder();
await writeAlbum(join(folder.path, 'album'), photos, true);
const llm = await startFakeLlm({
  behave: { content: { category: 'pets', confidence: 0.9 }, latencyMs: 1000 },
});
const vendor = {
  LLM_BASE_URL: llm.baseUrl,
  LLM_MODEL: 'fake',
  NEAR_DUPLICATES: 'off',
  STRATEGY: process.argv[2] ?? 'llm-first',
};

const line = (what: string, seconds: number, ideal: number) =>
  console.log(`${what}: ${seconds.toFixed(2)} s, ideal ${ideal} s, ${(seconds / ideal).toFixed(3)} of it`);

async function formOf(first: number, count: number): Promise<FormData> {
  const form = new FormData();
  for (let index = first; index < first + count; index++)
    form.append(
      'images',
      new Blob([(await generatedPhoto(index)) as Uint8Array<ArrayBuffer>]),
      `${index}.jpg`,
    );
  return form;
}

const classify = async (url: string, body: FormData) =>
  (await fetch(`${url}/api/v1/classify/batch`, { method: 'POST', body })).json();

/** A warm service with a vendor: the first requests are not measured. */
async function warmService(atOnce: number) {
  const service = await startService({ ...vendor, LLM_MAX_CONCURRENCY: String(atOnce) });
  for (let round = 0; round < 3; round++)
    await classify(service.url, await formOf(200 + atOnce * round, atOnce));
  return service;
}

await (await warmService(20)).stop();

const given = process.argv.slice(3).map(Number);
for (const atOnce of given.length > 0 ? given : [1, 3, 10, 20]) {
  const ideal = Math.ceil(photos / atOnce);
  const args = ['album', '--no-journal', '--concurrency', String(atOnce)];
  const own = { ...vendor, SQLITE_FILE: `${folder.path}/${atOnce}.db` };
  const here = await runClassify(folder.path, args, own).done;
  line(`in process, ${atOnce} at once`, here.summary.seconds, ideal);
  const service = await warmService(atOnce);
  // The server tells the client how many photos its provider accepts at once.
  const follow = ['album', '--no-journal', '--server', service.url];
  const there = await runClassify(folder.path, follow, {}).done;
  line(`by a server, ${atOnce} at once`, there.summary.seconds, ideal);
  await service.stop();
}

llm.behave({ content: { category: 'pets', confidence: 0.9 }, latencyMs: 3000 });
const service = await startService({ ...vendor, LLM_MAX_CONCURRENCY: '3' });
const form = await formOf(100, 10);
const startedMs = performance.now();
await classify(service.url, form);
line('a batch of 10 at 3 s, limit 3', (performance.now() - startedMs) / 1000, 12);
await service.stop();
await llm.close();
folder.remove();
