/**
 * The whole service with a faulty vendor, at 20 different photos per second:
 *
 *   node bench/llm-chaos.ts [--seconds 10] [--outage 1000] [--deadline 4] [--rate 20]
 *
 * For every kind of fault: statuses with the median duration, degraded answers, durations and the largest excess over
 * the deadline, calls at the vendor, and the rows of the cache afterwards.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { formOf, post, type Reply, sampleBytes, startApp } from '../tests/support/app.ts';
import { type Behave, startFakeLlm } from '../tests/support/fake-llm.ts';
import { vendorErrors } from '../tests/support/vendor-errors.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    outage: { type: 'string', default: '1000' },
    deadline: { type: 'string', default: '4' },
    rate: { type: 'string', default: '20' },
  },
});
const rate = Number(values.rate);
const deadlineMs = Number(values.deadline) * 1_000;
const photo = sampleBytes('cat.jpg');
const { openai } = vendorErrors;
const good = { content: { category: 'pets', confidence: 0.93 }, latencyMs: 300 };

const troubles: Record<string, Behave> = {
  '429 without Retry-After': openai.rate,
  '429 with Retry-After': { ...openai.rate, headers: { 'retry-after': '2' } },
  hangs: { fault: 'hang' },
  'hangs in the body': { fault: 'hang-in-body' },
  'slow drips': { fault: 'drip' },
  resets: { fault: 'reset' },
  garbage: { fault: 'garbage' },
  'a third of all of it': ({ index }) =>
    index % 3 > 0
      ? good
      : (([openai.rate, { fault: 'hang' }, { fault: 'reset' }, { fault: 'garbage' }] as const)[index % 4] ??
        good),
};

interface Timed {
  readonly reply: Reply;
  readonly tookMs: number;
}

async function run(behave: Behave, photos: number) {
  const fake = await startFakeLlm({ behave });
  const folder = mkdtempSync(join(tmpdir(), 'llm-chaos-'));
  const file = join(folder, 'album.db');
  const app = await startApp({
    SQLITE_FILE: file,
    LLM_BASE_URL: fake.baseUrl,
    LLM_API_KEY: 'sk-test',
    LLM_MODEL: 'fake-vision',
    SINGLE_DEADLINE: values.deadline,
    INFERENCE_PROCESSES: '2',
  });
  const pending: Promise<Timed>[] = [];
  const startedMs = performance.now();
  for (let index = 0; index < photos; index++) {
    await sleep(Math.max(0, startedMs + (index * 1_000) / rate - performance.now()));
    const value = Buffer.concat([photo, Buffer.from(`#${index}`)]);
    const sentMs = performance.now();
    pending.push(
      post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value }])).then((reply) => ({
        reply,
        tookMs: performance.now() - sentMs,
      })),
    );
  }
  const answers = await Promise.all(pending);
  await app.close();
  const rows = rowsOf(file);
  rmSync(folder, { recursive: true });
  const calls = fake.requestCount;
  await fake.close();
  return reportOf(answers, calls, rows);
}

function rowsOf(file: string) {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT method, category, confidence FROM results').all();
  database.close();
  return rows;
}

function reportOf(answers: readonly Timed[], calls: number, rows: ReturnType<typeof rowsOf>) {
  const took = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const count = (holds: (one: Reply) => boolean) => answers.filter(({ reply }) => holds(reply)).length;
  const isLocal = ({ body }: Reply) => body.data?.inference_method === 'local';
  const isLie = (reply: Reply) => reply.status === 200 && isLocal(reply) !== reply.body.data?.degraded;
  const at = (share: number) =>
    Math.round(took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? 0);
  const wrong = rows.filter(
    ({ method, category, confidence }) =>
      category !== 'pets' || (method === 'llm' ? confidence !== 0.93 : !(Number(confidence) > 0.5)),
  ).length;
  return {
    photos: answers.length,
    ...statusesOf(answers),
    local: count(isLocal),
    'not saying so': count(isLie),
    'p50 ms': at(0.5),
    'max ms': Math.round(took.at(-1) ?? 0),
    'past deadline ms': Math.max(0, Math.round((took.at(-1) ?? 0) - deadlineMs)),
    calls,
    'calls allowed': Math.floor(1.1 * answers.length + 10 * Math.ceil(answers.length / rate / 10)),
    rows: rows.length,
    'wrong rows': wrong,
  };
}

/** How many answers had each status, and how long half of them took at most. */
function statusesOf(answers: readonly Timed[]): Record<string, string> {
  const byStatus = Map.groupBy(answers, ({ reply }) => reply.status);
  const entries = [...byStatus].sort(([one], [other]) => one - other);
  return Object.fromEntries(
    entries.map(([status, some]) => {
      const took = some.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
      return [status, `${some.length} (${Math.round(took[some.length >> 1] ?? 0)} ms)`];
    }),
  );
}

const table: Record<string, Awaited<ReturnType<typeof run>>> = {};
for (const [name, behave] of Object.entries(Number(values.seconds) > 0 ? troubles : {})) {
  table[name] = await run(behave, rate * Number(values.seconds));
  console.error(`${name}: done`);
}
if (Number(values.outage) > 0) table['total outage'] = await run(openai.overloaded, Number(values.outage));
console.table(table);
