import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { formOf, post, sampleBytes } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { freePort } from '../support/free-port.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql, dropDatabase, mysqlRows, randomDatabase } from '../support/mysql.ts';
import { hasNginx, startNginx } from '../support/nginx.ts';
import { type ServiceProcess, spawnService } from '../support/service-process.ts';

const restarts = Number(process.env.RESTARTS ?? 3);
const clients = 6;
/** nginx sends nothing to a replica for that long (`fail_timeout`) after connections to it failed, ready or not. */
const nginxPauseMs = 5_000;

/** Another file of the same picture for each number. */
function photoOf(index: number): Buffer<ArrayBuffer> {
  const sample = sampleBytes('cat.jpg');
  const note = Buffer.from(String(index).padStart(8, '0'));
  return Buffer.concat([sample.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 10]), note, sample.subarray(2)]);
}

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describeWithMysql('three replicas behind nginx', (server) => {
  (hasNginx ? longTest : test.skip)(
    'lose no request over rolling restarts, only those inside a killed one, and pay once for each photo',
    async () => {
      const database = randomDatabase();
      onTestFinished(() => dropDatabase(server, database));
      const llm = await startFakeLlm({
        behave: { content: { category: 'pets', confidence: 0.9 }, latencyMs: 50 },
      });
      onTestFinished(() => llm.close());
      const settings = {
        MYSQL_HOST: server.host,
        MYSQL_PORT: String(server.port),
        MYSQL_USER: server.user,
        MYSQL_PASSWORD: server.password,
        MYSQL_DATABASE: database,
        LLM_BASE_URL: llm.baseUrl,
        LLM_MODEL: 'eyes',
        TRUST_PROXY: '127.0.0.1',
        OPS_TOKEN: 'token',
        HIT_RECORDS: 'all',
        NEAR_DUPLICATES: 'off',
        SHUTDOWN_GRACE: '1',
      };
      const ports = [await freePort(), await freePort(), await freePort()];
      const start = async (port: number): Promise<ServiceProcess> => {
        const started = await spawnService({ ...settings, APP_PORT: String(port) });
        await started.ready();
        return started;
      };
      const replicas = [await start(ports[0] ?? 0), await start(ports[1] ?? 0), await start(ports[2] ?? 0)];
      const url = `http://127.0.0.1:${await startNginx(replicas.map((one) => one.url))}`;

      const failures: string[] = [];
      const sent = { uploads: 0, lookups: 0 };
      let isOver = false;
      onTestFinished(() => {
        isOver = true;
      });
      async function client(): Promise<void> {
        while (!isOver) {
          const photo = photoOf(sent.uploads++);
          const upload = await post(
            `${url}/api/v1/classify`,
            formOf([{ name: 'image', value: photo }]),
          ).catch(String);
          if (typeof upload === 'string' || upload.status !== 200 || upload.body.data.degraded)
            failures.push(`upload: ${typeof upload === 'string' ? upload : JSON.stringify(upload.body)}`);
          sent.lookups += 1;
          const lookup = await post(`${url}/api/v1/classify/check-cache`, {
            image_hash: hashOf(photo),
          }).catch(String);
          if (typeof lookup === 'string' || lookup.body.cached !== true)
            failures.push(`look-up: ${typeof lookup === 'string' ? lookup : JSON.stringify(lookup.body)}`);
          await sleep(20);
        }
      }
      const running = Array.from({ length: clients }, client);
      for (let index = 0; index < restarts; index += 1) {
        const at = index % replicas.length;
        const old = replicas[at];
        old?.child.kill('SIGTERM');
        expect(await old?.exited).toEqual([0, null]);
        replicas[at] = await start(ports[at] ?? 0);
        await sleep(nginxPauseMs);
      }
      expect(failures).toEqual([]);

      // Only what a killed replica was at work on is lost.
      replicas[0]?.child.kill('SIGKILL');
      await replicas[0]?.exited;
      await sleep(1_000);
      isOver = true;
      await Promise.all(running);
      const lost = failures.length;
      expect(lost).toBeLessThanOrEqual(clients);
      expect(llm.calls.length).toBeGreaterThanOrEqual(sent.uploads - lost);
      expect(llm.calls.length).toBeLessThanOrEqual(sent.uploads + clients);

      for (const { child, exited } of replicas.slice(1)) {
        child.kill('SIGTERM');
        expect(await exited).toEqual([0, null]);
      }
      const sql = `SELECT COUNT(*) AS photos, COUNT(DISTINCT sha256) AS distinct_photos FROM photo_records WHERE kind = 'upload'`;
      const [counted] = await mysqlRows(server, sql, database);
      // The killed replica takes with it what it counted in its last second.
      expect(counted?.distinct_photos).toBe(counted?.photos);
      expect(counted?.photos).toBeLessThanOrEqual(sent.uploads);
      const [results] = await mysqlRows(server, 'SELECT COUNT(*) AS n FROM results', database);
      expect(results?.n).toBeGreaterThanOrEqual(sent.uploads - lost);
    },
    60_000 + restarts * 20_000,
  );
});
