/**
 * How close the gate comes to what a vendor allows, over HTTP with the real client:
 *
 *   node bench/llm-pacing.ts [--limit 20] [--settle 15] [--measure 60]
 *
 * Always more work than allowed. Three phases: it settles and is measured; then the vendor answers nothing but 503 for
 * ten seconds and recovers; then its limit is a quarter for twenty seconds and is raised again. After each recovery
 * the first ten seconds pass, and the ten after them are measured.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { deadlineIn } from '../src/resilience/deadline.ts';
import { openVision } from '../src/vision/open-vision.ts';
import { startFakeLlm } from '../tests/support/fake-llm.ts';
import { fakeQuota } from '../tests/support/fake-llm-limits.ts';
import { fakePhoto } from '../tests/support/fake-photo.ts';
import { vendorErrors } from '../tests/support/vendor-errors.ts';
import { llmOptions, memoryLedger, memoryRefusals, prompt, taxonomy } from '../tests/support/vision.ts';

const { values } = parseArgs({
  options: {
    limit: { type: 'string', default: '20' },
    settle: { type: 'string', default: '15' },
    measure: { type: 'string', default: '60' },
    'retry-after': { type: 'boolean', default: false },
  },
});
const limit = Number(values.limit);
const hasRetryAfter = values['retry-after'];
const photo = readFileSync('docs/samples/cat.jpg');

const quota = fakeQuota({ perSecond: limit, hasRetryAfter });
let isDown = false;
const fake = await startFakeLlm({
  behave() {
    if (isDown) return vendorErrors.openai.overloaded;
    const latencyMs = 150 + 350 * Math.random() ** 3;
    return quota.take({ content: { category: 'pets', confidence: 0.9 }, latencyMs });
  },
});
const vision = openVision(llmOptions(fake.baseUrl, { maxWaiting: 10_000 }), {
  taxonomy,
  prompt,
  timeZone: 'UTC',
  ledger: memoryLedger(),
  refusals: memoryRefusals(),
  log: pino({ level: 'silent' }),
  hooks: {},
});

let isOver = false;
let photos = 0;
async function worker() {
  while (!isOver) {
    const one = fakePhoto(Buffer.concat([photo, Buffer.from(String(photos++))]));
    const context = {
      deadline: deadlineIn(20_000),
      signal: new AbortController().signal,
      lane: 'batch' as const,
    };
    await vision.classifier.classify(one, context).catch(() => sleep(20));
  }
}
const workers = Array.from({ length: 60 }, worker);

async function measure(seconds: number) {
  const before = { taken: quota.taken, refused: quota.refused };
  await sleep(seconds * 1_000);
  const taken = quota.taken - before.taken;
  const refused = quota.refused - before.refused;
  return {
    'answered per s': (taken / seconds).toFixed(2),
    'of the allowed': `${((100 * taken) / seconds / limit).toFixed(1)} %`,
    'refused (429)': `${((100 * refused) / Math.max(1, taken + refused)).toFixed(2)} %`,
    pace: vision.state().providers[0]?.gate.perSecond.toFixed(2),
    places: vision.state().providers[0]?.gate.limit,
  };
}

const table: Record<string, Awaited<ReturnType<typeof measure>>> = {};
table['the first seconds'] = await measure(Number(values.settle));
table.settled = await measure(Number(values.measure));
isDown = true;
await sleep(10_000);
isDown = false;
table['10 s after an outage'] = await measure(10);
table['the next 10 s'] = await measure(10);
quota.change({ perSecond: limit / 4, hasRetryAfter });
await sleep(20_000);
quota.change({ perSecond: limit, hasRetryAfter });
table['10 s after a lowered limit'] = await measure(10);
table['the 10 s after those'] = await measure(10);
isOver = true;
console.table(table);
await Promise.allSettled(workers);
await fake.close();
