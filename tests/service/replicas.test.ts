import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formOf, post, sampleBytes } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql, dropDatabase, randomDatabase } from '../support/mysql.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

const content = { category: 'pets', confidence: 0.93, description: '猫' };

async function vendor(): Promise<FakeLlm> {
  const llm = await startFakeLlm({ behave: { content, latencyMs: 700 } });
  onTestFinished(() => llm.close());
  return llm;
}

/** That many uploads of one photo, every other one at each process; what fails with its process is left out. */
function uploads(count: number, processes: readonly ServiceProcess[]) {
  const form = () => formOf([{ name: 'image', value: sampleBytes('cat.jpg') }]);
  return Array.from({ length: count }, (_, index) => {
    const url = processes[index % processes.length]?.url ?? '';
    return post(`${url}/api/v1/classify`, form()).then(
      ({ status, body }) => ({ status, data: body.data }),
      () => undefined,
    );
  });
}

/** A busy machine takes long to start two processes. */
const timeoutMs = 120_000;

function describeReplicas(environment: () => Record<string, string>): void {
  test(
    '200 uploads of one new photo at two processes are one call',
    async () => {
      const llm = await vendor();
      const shared = { ...environment(), LLM_BASE_URL: llm.baseUrl, LLM_MODEL: 'eyes' };
      const processes = [await startServiceProcess(shared), await startServiceProcess(shared)];
      const replies = await Promise.all(uploads(200, processes));
      expect(llm.calls).toHaveLength(1);
      expect(replies.map((reply) => reply?.status)).toEqual(replies.map(() => 200));
      expect(new Set(replies.map((reply) => reply?.data.model))).toEqual(new Set(['eyes']));
      expect(replies.some((reply) => reply?.data.degraded)).toBe(false);
    },
    timeoutMs,
  );

  longTest(
    'when the process that asks is killed, another takes over within the deadline',
    async () => {
      const llm = await vendor();
      const release = llm.hold();
      const shared = {
        ...environment(),
        LLM_BASE_URL: llm.baseUrl,
        LLM_MODEL: 'eyes',
        SINGLE_DEADLINE: '60',
      };
      const leader = await startServiceProcess(shared);
      const follower = await startServiceProcess(shared);
      const lost = uploads(20, [leader]);
      await llm.received(1);
      const waiting = uploads(20, [follower]);
      leader.child.kill('SIGKILL');
      await llm.received(2);
      release();
      const replies = await Promise.all(waiting);
      await Promise.all(lost);
      expect(llm.calls).toHaveLength(2);
      expect(replies.map((reply) => [reply?.status, reply?.data.model])).toEqual(
        replies.map(() => [200, 'eyes']),
      );
    },
    timeoutMs,
  );

  longTest(
    'a caller without time to wait gets the local model’s answer',
    async () => {
      const llm = await vendor();
      llm.hold();
      const shared = { ...environment(), LLM_BASE_URL: llm.baseUrl, SINGLE_DEADLINE: '2' };
      const processes = [await startServiceProcess(shared), await startServiceProcess(shared)];
      const replies = await Promise.all(uploads(4, processes));
      expect(llm.calls).toHaveLength(1);
      for (const reply of replies) expect(reply?.data).toMatchObject({ category: 'pets', degraded: true });
    },
    timeoutMs,
  );
}

describeWithMysql('two processes on one MySQL', (server) => {
  describeReplicas(() => {
    const database = randomDatabase();
    onTestFinished(() => dropDatabase(server, database));
    return {
      MYSQL_HOST: server.host,
      MYSQL_PORT: String(server.port),
      MYSQL_USER: server.user,
      MYSQL_PASSWORD: server.password,
      MYSQL_DATABASE: database,
    };
  });
});

describe('two processes on one SQLite file', () => {
  describeReplicas(() => {
    const folder = mkdtempSync(join(tmpdir(), 'album-replicas-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return { SQLITE_FILE: join(folder, 'album.db') };
  });
});
