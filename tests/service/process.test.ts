import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { formOf, post, sampleBytes } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { spawnService, startServiceProcess } from '../support/service-process.ts';

const photo = (name: 'cat.jpg' | 'coffee.jpg', tail = '') => ({
  name: 'image',
  value: Buffer.concat([sampleBytes(name), Buffer.from(tail)]),
});

function childrenOf(pid: number | undefined): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return [];
  }
}

function rows(file: string, sql: string) {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

describe('the process', { timeout: 60_000 }, () => {
  test('says where it listens, what it runs on and how to try it', async () => {
    const { url, output } = await startServiceProcess();
    await expect
      .poll(output, { timeout: 15_000 })
      .toContain(`curl -F image=@docs/samples/cat.jpg ${url}/api/v1/classify`);
    expect(output()).toContain('SQLite');
    expect(output()).toContain('local-only');
  });

  test('refuses to start with a wrong configuration, and lists what is wrong', async () => {
    const { exited, output } = await spawnService({ APP_PORT: 'x', WORKERS: 'many' });
    expect((await exited)[0]).toBe(1);
    expect(output()).toContain('APP_PORT must be');
    expect(output()).toContain('WORKERS must be');
  });

  test('warns at its start if all claims are trusted', async () => {
    const warning = 'CLAIM_TRUST=all';
    const trusting = await startServiceProcess({ CLAIM_TRUST: 'all' });
    await expect.poll(trusting.output, { timeout: 15_000 }).toContain(warning);
    const usual = await startServiceProcess();
    await expect.poll(usual.output, { timeout: 15_000 }).toContain('curl');
    expect(usual.output()).not.toContain(warning);
  });

  test('SIGTERM, also twice, lets what is in flight finish and loses no record', async () => {
    const llm = await startFakeLlm();
    try {
      const { child, url, file, exited } = await startServiceProcess({
        LLM_BASE_URL: llm.baseUrl,
        LLM_MAX_CONCURRENCY: '8',
      });
      const release = llm.hold();
      const uploads = Array.from({ length: 5 }, (_, index) =>
        post(`${url}/api/v1/classify`, formOf([photo('cat.jpg', String(index))])),
      );
      await llm.received(5);
      child.kill('SIGTERM');
      child.kill('SIGTERM');
      setTimeout(release, 200);
      const replies = await Promise.all(uploads);
      expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect((await exited)[0]).toBe(0);
      expect(rows(file, 'SELECT COUNT(*) AS n FROM photos')).toEqual([{ n: 5 }]);
      expect(rows(file, 'SELECT COUNT(*) AS n FROM results')).toEqual([{ n: 5 }]);
    } finally {
      await llm.close();
    }
  });

  test('SIGTERM leaves the port open for the grace, and ends each connection with its next answer', async () => {
    // Far longer than the test: it does not wait for the end.
    const { child, url } = await startServiceProcess({ SHUTDOWN_GRACE: '60' });
    await fetch(url);
    child.kill('SIGTERM');
    const ready = () => fetch(`${url}/health/ready`);
    await expect.poll(async () => (await ready()).status, { timeout: 10_000 }).toBe(503);
    const { headers, status } = await ready();
    expect([status, headers.get('connection')]).toEqual([503, 'close']);
    expect((await post(`${url}/api/v1/classify`, formOf([photo('cat.jpg')]))).status).toBe(200);
  });

  test('SIGTERM ends the process after the grace, and all who have connected by then are answered', async () => {
    const { child, url, exited, output } = await startServiceProcess({ SHUTDOWN_GRACE: '1' });
    child.kill('SIGTERM');
    await expect.poll(output).toContain('draining');
    // The grace ends while the process is too busy to accept anyone.
    child.kill('SIGSTOP');
    const isAnswered = () => fetch(`${url}/health/live`).then(({ ok }) => ok, String);
    const answers = Array.from({ length: 20 }, isAnswered);
    await sleep(1200);
    child.kill('SIGCONT');
    expect(new Set(await Promise.all(answers))).toEqual(new Set([true]));
    expect((await exited)[0]).toBe(0);
  });

  test('SIGTERM waits for a stalled upload no longer than DRAIN_TIMEOUT, and stops cleanly', async () => {
    const { child, url, exited, output } = await startServiceProcess({ DRAIN_TIMEOUT: '1' });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname).on('error', () => {});
    socket.write(
      'POST /api/v1/classify HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 900000\r\n\r\n' +
        '--b\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nbytes',
    );
    await once(socket, 'ready');
    await fetch(`${url}/health/live`);
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
    expect(output()).toContain('cut off');
  });

  test('leaves no child behind, even when it is killed', async () => {
    const { child } = await startServiceProcess();
    const children = childrenOf(child.pid);
    expect(children.length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await expect.poll(() => children.filter((pid) => isAlive(pid)), { timeout: 10_000 }).toEqual([]);
  });

  longTest('a killed child costs no answer', async () => {
    const { child, url } = await startServiceProcess();
    const uploads = Array.from({ length: 20 }, (_, index) =>
      post(`${url}/api/v1/classify`, formOf([photo('coffee.jpg', String(index))])),
    );
    for (const pid of childrenOf(child.pid)) process.kill(pid, 'SIGKILL');
    const replies = await Promise.all(uploads);
    expect(replies.every(({ status }) => status === 200)).toBe(true);
  });
});

describe('several workers', { timeout: 60_000 }, () => {
  test('a killed worker is replaced, and only its own requests are lost', async () => {
    const { child, url, exited, ready } = await spawnService({ WORKERS: '2', INFERENCE_PROCESSES: '2' });
    await ready(2);
    const workers = () => childrenOf(child.pid);
    await expect.poll(() => workers().length, { timeout: 15_000 }).toBe(2);
    const [victim = 0] = workers();
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => isAlive(victim), { timeout: 15_000 }).toBe(false);
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => post(`${url}/api/v1/classify`, formOf([photo('cat.jpg')]))),
    );
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    await expect.poll(() => workers().filter((pid) => pid !== victim).length, { timeout: 15_000 }).toBe(2);
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
  });

  longTest(
    'a worker that hangs is left out of /metrics, killed and replaced',
    { timeout: 90_000 },
    async () => {
      const { child, url, ready } = await spawnService({ WORKERS: '2', INFERENCE_PROCESSES: '2' });
      await ready(2);
      const [victim = 0] = childrenOf(child.pid);
      process.kill(victim, 'SIGSTOP');
      const metrics = await fetch(`${url}/metrics`, { headers: { connection: 'close' } });
      expect([metrics.status, await metrics.text()]).toEqual([200, expect.stringContaining('album_')]);
      await expect.poll(() => isAlive(victim), { timeout: 30_000 }).toBe(false);
      await expect.poll(() => childrenOf(child.pid).length, { timeout: 30_000 }).toBe(2);
    },
  );

  longTest('SIGTERM ends a worker that hangs, too', { timeout: 90_000 }, async () => {
    const { child, exited, ready } = await spawnService({
      WORKERS: '2',
      INFERENCE_PROCESSES: '2',
      DRAIN_TIMEOUT: '1',
    });
    await ready(2);
    const [victim = 0] = childrenOf(child.pid);
    process.kill(victim, 'SIGSTOP');
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(1);
    expect(isAlive(victim)).toBe(false);
  });

  longTest('a port that is taken ends all workers and the process', async () => {
    const { url } = await startServiceProcess();
    const { exited, output } = await spawnService({ WORKERS: '2', APP_PORT: new URL(url).port });
    expect((await exited)[0]).toBe(1);
    expect(output()).toContain('another process listens there');
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
