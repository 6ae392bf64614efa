/**
 * Ten batches of 20 different photos of 12 MB at once: is every photo answered, and how much memory does the service
 * use? `npm run bench bench/upload-memory.ts [batches]`
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { startService } from './start-service.ts';

const batches = Number(process.argv[2] ?? 10);
const photosEach = 20;
const photoBytes = 11_990_000;
const photo = readFileSync(new URL('../docs/samples/pagoda.jpg', import.meta.url));
const boundary = 'album-classifier-bench';

const service = await startService({ BATCH_DEADLINE: '300' });
const startedMs = performance.now();
const replies = await Promise.all(Array.from({ length: batches }, send));
const seconds = (performance.now() - startedMs) / 1000;
const answered = replies.reduce((sum, { success_count }) => sum + success_count, 0);
const megabytes = (bytes: number) => `${Math.round(bytes / 1_000_000)} MB`;
console.log(`answered            ${answered} of ${batches * photosEach} photos in ${seconds.toFixed(1)} s`);
console.log(`uploaded            ${megabytes(batches * photosEach * photoBytes)}`);
console.log(`peak RSS, server    ${megabytes(service.peak.server)}`);
console.log(`peak RSS, with children  ${megabytes(service.peak.all)} (limit aimed at: 1000 MB)`);
await service.stop();

function send(): Promise<{ success_count: number }> {
  return new Promise((resolve, reject) => {
    const call = request(`${service.url}/api/v1/classify/batch`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
    call.on('error', reject).on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve(JSON.parse(Buffer.concat(chunks).toString()));
    });
    void write(call);
  });
}

/** Bytes behind the end of a JPEG are no part of the picture: real photos of any size, each with its own hash. */
async function write(call: ReturnType<typeof request>): Promise<void> {
  const put = (bytes: Buffer | string) =>
    call.write(bytes) ? undefined : new Promise<void>((resolve) => call.once('drain', resolve));
  for (let index = 0; index < photosEach; index += 1) {
    await put(
      `--${boundary}\r\ncontent-disposition: form-data; name="images"; filename="${index}.jpg"\r\n\r\n`,
    );
    await put(photo);
    const padding = randomBytes(64 * 1024);
    for (let left = photoBytes - photo.length; left > 0; left -= padding.length)
      await put(padding.subarray(0, Math.min(left, padding.length)));
    await put('\r\n');
  }
  call.end(`--${boundary}--\r\n`);
}
