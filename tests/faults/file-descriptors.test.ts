import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { get } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql, dropDatabase, mysqlRows, randomDatabase } from '../support/mysql.ts';
import { openOutageTraffic, outageCounts } from '../support/outage-traffic.ts';
import { spawnService } from '../support/service-process.ts';

/** The service at rest has about 50. */
const openFiles = 128;

describeWithMysql('callers that hold more connections than the process may open files', (server) => {
  longTest(
    'are refused; photos, database, vendor and a new decoder find room, and no result is lost',
    async () => {
      const database = randomDatabase();
      const llm = await startFakeLlm();
      onTestFinished(async () => {
        await llm.close();
        await dropDatabase(server, database);
      });
      const service = await spawnService(
        {
          MYSQL_HOST: server.host,
          MYSQL_PORT: String(server.port),
          MYSQL_USER: server.user,
          MYSQL_PASSWORD: server.password,
          MYSQL_DATABASE: database,
          LLM_BASE_URL: llm.baseUrl,
          NEAR_DUPLICATES: 'off',
        },
        [],
        ['sh', '-c', `ulimit -n ${openFiles} && exec "$@"`, 'sh'],
      );
      await service.ready();
      const traffic = openOutageTraffic(() => service.url, 100);
      // Some of its connections stay open.
      await traffic.send(3, 10);

      const port = Number(new URL(service.url).port);
      const idle = Array.from({ length: 2 * openFiles }, () =>
        connect(port, '127.0.0.1').on('error', () => {}),
      );
      await expect.poll(() => service.output()).toContain('connections are refused');
      const [decoder] = execFileSync('pgrep', ['-P', String(service.child.pid)], { encoding: 'utf8' }).split(
        '\n',
      );
      process.kill(Number(decoder), 'SIGKILL');
      await traffic.send(10, 10);
      for (const socket of idle) socket.destroy();
      const takesNewOnes = () =>
        get(`${service.url}/health/ready`, { connection: 'close' }).then(
          ({ status }) => status,
          () => 0,
        );
      await expect.poll(takesNewOnes, { timeout: 10_000 }).toBe(200);
      await traffic.send(10, 10);
      const health = (await get(`${service.url}/api/v1/health`)).body;
      expect(health).toMatchObject({ status: 'healthy', database: 'connected', model_api: 'available' });
      expect(llm.calls).toHaveLength(23);
      service.child.kill('SIGTERM');
      expect(await service.exited).toEqual([0, null]);
      const rows = (sql: string) => mysqlRows(server, sql, database);
      const once = { answered: 23, results: 23, claims: 23, records: 23, doubled: 0 };
      expect(await outageCounts(rows, traffic.answered)).toMatchObject(once);
    },
    60_000,
  );
});
