import { connect } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import { formOf, get, post, sampleBytes, startApp } from '../support/app.ts';
import { longTest } from '../support/long-test.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({
    SINGLE_DEADLINE: '60',
    MAX_IMAGE_SIZE_MB: '8',
    MAX_BATCH_SIZE_MB: '8',
    UPLOAD_BUDGET_MB: '16',
  });
});
afterAll(() => app.close());

/** A client that sends most of a photo at once and the rest a little at a time. */
function slowUpload() {
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  socket.write(
    'POST /api/v1/classify HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 7000000\r\n\r\n' +
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n',
  );
  socket.write(Buffer.alloc(4_000_000));
  const trickle = setInterval(() => socket.write(Buffer.alloc(1_400)), 100);
  const closed = new Promise<void>((resolve) => socket.once('close', resolve));
  void closed.then(() => clearInterval(trickle));
  return { socket, closed };
}

/** More than one chunk. */
const photo = (index: number) => Buffer.concat([sampleBytes('cat.jpg'), Buffer.alloc(500_000, index)]);

longTest('seven slow uploads that fill the memory keep no others out', { timeout: 60_000 }, async () => {
  const slow = Array.from({ length: 7 }, slowUpload);
  await expect.poll(() => app.services.budget.status().waiting, { timeout: 20_000 }).toBeGreaterThan(0);
  const uploads = Array.from({ length: 4 }, (_, index) =>
    post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: photo(index) }])),
  );
  expect((await get(`${app.url}/health/ready`)).status).toBe(200);
  expect((await Promise.all(uploads)).map(({ status }) => status)).toEqual(uploads.map(() => 200));
  for (const { socket } of slow) socket.destroy();
  await Promise.all(slow.map(({ closed }) => closed));
  await expect.poll(() => app.services.budget.status()).toMatchObject({ usedBytes: 0, waiting: 0 });
});
