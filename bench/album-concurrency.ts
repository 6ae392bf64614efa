/**
 * Wall time of an album beside the ideal: 50 photos at 1 s with 1, 3, 10 and 20 at once, in this process and through a
 * server, then one batch of 10 photos at 3 s under a limit of 3.
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
const vendor = { LLM_BASE_URL: llm.baseUrl, LLM_MODEL: 'fake', STRATEGY: process.argv[2] ?? 'llm-first' };

const line = (what: string, seconds: number, ideal: number) =>
  console.log(`${what}: ${seconds.toFixed(2)} s, ideal ${ideal} s, ${(seconds / ideal).toFixed(3)} of it`);

const given = process.argv.slice(3).map(Number);
for (const atOnce of given.length > 0 ? given : [1, 3, 10, 20]) {
  const ideal = Math.ceil(photos / atOnce);
  const args = ['album', '--no-journal', '--concurrency', String(atOnce)];
  const own = { ...vendor, SQLITE_FILE: `${folder.path}/${atOnce}.db` };
  const here = await runClassify(folder.path, args, own).done;
  line(`in process, ${atOnce} at once`, here.summary.seconds, ideal);
  const service = await startService({ ...vendor, LLM_MAX_CONCURRENCY: String(atOnce) });
  // As many at once as the server's provider takes, of which it tells the client.
  const follow = ['album', '--no-journal', '--server', service.url];
  const there = await runClassify(folder.path, follow, {}).done;
  line(`by a server, ${atOnce} at once`, there.summary.seconds, ideal);
  await service.stop();
}

llm.behave({ content: { category: 'pets', confidence: 0.9 }, latencyMs: 3000 });
const service = await startService({ ...vendor, LLM_MAX_CONCURRENCY: '3' });
const form = new FormData();
for (let index = 100; index < 110; index++)
  form.append('images', new Blob([(await generatedPhoto(index)) as Uint8Array<ArrayBuffer>]), `${index}.jpg`);
const startedMs = performance.now();
await (await fetch(`${service.url}/api/v1/classify/batch`, { method: 'POST', body: form })).json();
line('a batch of 10 at 3 s, limit 3', (performance.now() - startedMs) / 1000, 12);
await service.stop();
await llm.close();
folder.remove();
