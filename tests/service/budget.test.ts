import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, onTestFinished } from 'vitest';
import { formOf, post } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { longTest } from '../support/long-test.ts';
import { describeWithMysql, dropDatabase, mysqlRows, randomDatabase } from '../support/mysql.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { writeColourModel } from '../support/tiny-model.ts';

const photos = 500;
const affordable = 100;
const callUsd = 0.01;
const content = { category: 'pets', confidence: 0.93 };

/** A local model that costs next to nothing, so that photos and not inference are what there are many of. */
async function modelDir(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'album-budget-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await writeColourModel(folder, { labels: ['pets', 'foods', 'other'] });
  return folder;
}

describeWithMysql('one budget', (server) => {
  longTest(
    '500 new photos at once at two processes, money for 100 calls: no more calls than that, the rest local',
    async () => {
      const llm = await startFakeLlm({ behave: { content, latencyMs: 300 } });
      onTestFinished(() => llm.close());
      const database = randomDatabase();
      onTestFinished(() => dropDatabase(server, database));
      const environment = {
        MYSQL_HOST: server.host,
        MYSQL_PORT: String(server.port),
        MYSQL_USER: server.user,
        MYSQL_PASSWORD: server.password,
        MYSQL_DATABASE: database,
        MODEL_DIR: await modelDir(),
        LLM_BASE_URL: llm.baseUrl,
        LLM_MODEL: 'eyes',
        LLM_MAX_CONCURRENCY: '50',
        LLM_BUDGET_DAILY: String(affordable * callUsd),
        COST_PER_API_CALL: String(callUsd),
        SINGLE_DEADLINE: '120',
      };
      const services = await Promise.all([environment, environment].map(startServiceProcess));
      const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#963' } })
        .jpeg()
        .toBuffer();
      const replies = await Promise.all(
        Array.from({ length: photos }, (_, index) => {
          const value = Buffer.concat([picture, Buffer.from(`#${index}`)]);
          const url = services[index % 2]?.url;
          return post(`${url}/api/v1/classify`, formOf([{ name: 'image', value }]));
        }),
      );
      const by = (method: string) => replies.filter(({ body }) => body.data?.inference_method === method);
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
      const calls = llm.requestCount;
      expect(calls).toBeLessThanOrEqual(affordable);
      expect(calls).toBeGreaterThanOrEqual(0.95 * affordable);
      expect(by('llm')).toHaveLength(calls);
      expect(by('local')).toHaveLength(photos - calls);
      expect(by('local').every(({ body }) => body.data.degraded)).toBe(true);
      const paid = calls * callUsd * 1e6;
      // What was reserved for a call that was not made is given back behind the answer.
      const spent = async () => {
        const rows = await mysqlRows(server, 'SELECT spent_micro FROM llm_spend', database);
        return rows.map(({ spent_micro }) => Number(spent_micro));
      };
      await expect.poll(spent).toEqual([paid, paid]);
    },
    60_000,
  );
});
