import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { formOf, post, sampleBytes } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { inherited } from '../support/inherited.ts';
import { longTest } from '../support/long-test.ts';

type Output = 'pipe' | number;

/** The service with that as its standard output; killed when the test ends. */
async function serviceWritingTo(output: Output, nodeOptions: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'album-log-'));
  const port = await freePort();
  const child = spawn(process.execPath, [...nodeOptions, 'src/main.ts'], {
    env: {
      ...inherited,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(port),
      SQLITE_FILE: join(folder, 'album.db'),
      INFERENCE_PROCESSES: '1',
      SHUTDOWN_GRACE: '0',
      LOG_LEVEL: 'trace',
    },
    stdio: ['ignore', output, output],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true });
  });
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  const ready = () => expect.poll(isReady, { timeout: 15_000 }).toBe(true);
  return { url, child, exited, ready };
}

async function answersAndStops({ url, child, exited }: Awaited<ReturnType<typeof serviceWritingTo>>) {
  const form = () => formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]);
  for (let index = 0; index < 3; index += 1)
    expect((await post(`${url}/api/v1/classify`, form())).body.data.category).toBe('pets');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
}

test('a full disk takes no answer with it', async () => {
  const service = await serviceWritingTo(openSync('/dev/full', 'w'));
  await service.ready();
  await answersAndStops(service);
});

test('a reader that is gone takes no answer with it', async () => {
  const service = await serviceWritingTo('pipe');
  service.child.stdout?.destroy();
  service.child.stderr?.destroy();
  await service.ready();
  await answersAndStops(service);
});

longTest(
  'a reader that stops reading blocks nothing, and what is lost is counted',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'album-pipe-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const service = await serviceWritingTo(openSync(pipe, constants.O_RDWR));
    await service.ready();
    const lookUp = () => post(`${service.url}/api/v1/classify/check-cache`, { image_hash: 'a'.repeat(64) });
    const lost = async () => {
      await Promise.all(Array.from({ length: 500 }, lookUp));
      const text = await (await fetch(`${service.url}/metrics`)).text();
      return Number(/^album_log_lines_lost_total (\d+)$/m.exec(text)?.[1]);
    };
    await expect.poll(lost, { timeout: 20_000 }).toBeGreaterThan(0);
    await answersAndStops(service);
  },
  40_000,
);

test.each([
  ['an error that nothing catches', 'throw new Error("boom")'],
  ['a rejection that nothing handles', 'Promise.reject(new Error("boom"))'],
])('%s is logged, and ends the process with 1 once requests in flight are answered', async (_, failure) => {
  const onSignal = `process.on('SIGUSR2', () => { ${failure} })`;
  const service = await serviceWritingTo('pipe', ['--import', `data:text/javascript,${onSignal}`]);
  let log = '';
  service.child.stdout?.on('data', (chunk) => {
    log += chunk;
  });
  await service.ready();
  const inFlight = post(
    `${service.url}/api/v1/classify`,
    formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]),
  );
  await expect.poll(() => log).toContain('multipart');
  service.child.kill('SIGUSR2');
  expect((await inFlight).status).toBe(200);
  expect(await service.exited).toEqual([1, null]);
  expect(log).toContain('"message":"boom"');
  expect(log).toContain('unexpected error');
});
