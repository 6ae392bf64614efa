import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formOf, get, sampleBytes, startApp } from '../support/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ SINGLE_DEADLINE: '60', UPLOAD_BUDGET_MB: '16', TRUST_PROXY: 'loopback' });
});
afterAll(() => app.close());

/** A client that sends most of a photo at once, and 1.2 kB a second of the rest. */
function slowUpload() {
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  socket.write(
    'POST /api/v1/classify HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 198.51.100.7\r\n' +
      'content-type: multipart/form-data; boundary=b\r\ncontent-length: 7000000\r\n\r\n' +
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n',
  );
  socket.write(Buffer.alloc(2_500_000));
  const trickle = setInterval(() => socket.write(Buffer.alloc(120)), 100);
  const closed = new Promise<void>((resolve) => socket.once('close', resolve));
  void closed.then(() => clearInterval(trickle));
  return { socket, closed };
}

/** Of more than one chunk. A cache hit after the first, so that the test waits for uploads and not for decodes. */
const photo = Buffer.concat([sampleBytes('cat.jpg'), Buffer.alloc(300_000)]);

async function upload(address: string): Promise<number> {
  const { status } = await fetch(`${app.url}/api/v1/classify`, {
    method: 'POST',
    headers: { 'x-forwarded-for': address },
    body: formOf([{ name: 'image', value: photo }]),
  });
  return status;
}

test('seven slow uploads of one address that fill the memory keep no others out', async () => {
  const slow = Array.from({ length: 7 }, slowUpload);
  const { limitBytes } = app.services.budget.status();
  await expect.poll(() => app.services.budget.status().usedBytes).toBeGreaterThan(limitBytes - 100_000);
  const statuses = Array.from({ length: 30 }, (_, index) => upload(`203.0.113.${index}`));
  expect((await get(`${app.url}/health/ready`)).status).toBe(200);
  expect(await Promise.all(statuses)).toEqual(statuses.map(() => 200));
  for (const { socket } of slow) socket.destroy();
  await Promise.all(slow.map(({ closed }) => closed));
  await expect.poll(() => app.services.budget.status()).toMatchObject({ usedBytes: 0, waiting: 0 });
});
