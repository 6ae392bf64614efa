/**
 * The whole service with vendors that reject calls, die, hang and recover, and at its budget, over HTTP:
 *
 *   npm run bench bench/llm-flow.ts -- [--quiet 240] [--only batches]
 *
 * Prints the expectation and the result of each scene. The exit code is 1 if one fails. Takes seven minutes, four of
 * them the quiet time after a stray rejection, in which the other scenes run. Compare ratios only, on an idle machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { formOf, post, sampleBytes, startApp } from '../tests/support/app.ts';
import { type Behave, type FakeLlm, startFakeLlm } from '../tests/support/fake-llm.ts';
import type { FakeBehaviour } from '../tests/support/fake-llm-behaviour.ts';
import { fakeAtOnce, fakeQuota } from '../tests/support/fake-llm-limits.ts';
import { freePort } from '../tests/support/free-port.ts';
import { vendorErrors } from '../tests/support/vendor-errors.ts';
import { percentile } from './start-service.ts';

const { values } = parseArgs({
  options: { quiet: { type: 'string', default: '240' }, only: { type: 'string', default: '' } },
});
const photo = sampleBytes('cat.jpg');
const { openai } = vendorErrors;
let photos = 0;

interface Seen {
  readonly isByLlm: boolean;
  readonly tookMs: number;
}

interface Row {
  readonly scene: string;
  readonly expected: string;
  readonly seen: string;
  readonly isFine: boolean;
}

const good: FakeBehaviour = { content: { category: 'pets', confidence: 0.9 } };
const answering = (latencyMs: number): FakeBehaviour => ({ ...good, latencyMs });
const another = () => Buffer.concat([photo, Buffer.from(`#${photos++}`)]);
const ms = (value: number) => `${Math.round(value)} ms`;
const percent = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
const byLlm = (seen: readonly Seen[]) => seen.filter(({ isByLlm }) => isByLlm).length;
const times = (seen: readonly Seen[]) => seen.map(({ tookMs }) => tookMs);
const longest = (seen: readonly Seen[]) => Math.max(0, ...times(seen));

/** A service and its clients. */
async function serviceAt(baseUrl: string, environment: Record<string, string> = {}) {
  const own = {
    LLM_BASE_URL: baseUrl,
    LLM_API_KEY: 'sk-test',
    LLM_MODEL: 'fake-vision',
    SHADOW_PERCENT: '0',
  };
  const app = await startApp({ ...own, ...environment });
  const isByLlm = (data?: { inference_method: string }) => data?.inference_method === 'llm';

  async function single(): Promise<Seen> {
    const sentMs = performance.now();
    const { body } = await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value: another() }]));
    return { isByLlm: isByLlm(body.data), tookMs: performance.now() - sentMs };
  }

  return {
    single,
    async batch(): Promise<Seen[]> {
      const form = formOf(Array.from({ length: 20 }, () => ({ name: 'images', value: another() })));
      const sentMs = performance.now();
      const { body } = await post(`${app.url}/api/v1/classify/batch`, form);
      const tookMs = performance.now() - sentMs;
      return body.items.map(({ data }: { data?: { inference_method: string } }) => ({
        isByLlm: isByLlm(data),
        tookMs,
      }));
    },
    /** One photo every `everyMs`, whether or not those before are answered. */
    async stream(count: number, everyMs: number): Promise<Seen[]> {
      const startedMs = performance.now();
      const pending: Promise<Seen>[] = [];
      for (let index = 0; index < count; index++) {
        await sleep(Math.max(0, startedMs + index * everyMs - performance.now()));
        pending.push(single());
      }
      return Promise.all(pending);
    },
    /** Opens the circuit: photos until one is answered at once. */
    async untilOpen(): Promise<Seen[]> {
      const seen: Seen[] = [];
      while (seen.length < 60) {
        seen.push(...(await Promise.all([single(), single(), single(), single()])));
        if (seen.slice(-4).every(({ isByLlm: isLlm, tookMs }) => !isLlm && tookMs < 500)) break;
      }
      return seen;
    },
    close: () => app.close(),
  };
}

type Service = Awaited<ReturnType<typeof serviceAt>>;

async function beside<T>(
  behave: Behave,
  use: (service: Service, fake: FakeLlm) => Promise<T>,
  environment: Record<string, string> = {},
): Promise<T> {
  const fake = await startFakeLlm({ behave });
  const service = await serviceAt(fake.baseUrl, environment);
  try {
    return await use(service, fake);
  } finally {
    await service.close();
    await fake.close();
  }
}

/** Two photos, of which the second may be rejected, then the quiet time, then ten a second. */
async function afterQuiet(isStrayed: boolean, others: Promise<unknown>): Promise<Seen[]> {
  const behave: Behave = ({ index }) => (isStrayed && index === 1 ? openai.rate : answering(300));
  return beside(behave, async (service) => {
    await service.single();
    await service.single();
    await Promise.all([sleep(Number(values.quiet) * 1_000), others]);
    return service.stream(150, 100);
  });
}

async function stray(others: Promise<unknown>): Promise<Row[]> {
  const calm = afterQuiet(false, others);
  const strayed = await afterQuiet(true, calm);
  const without = percentile(times(await calm), 0.95);
  const withOne = percentile(times(strayed), 0.95);
  return [
    {
      scene: `a stray 429, ${values.quiet} s quiet, then 10 photos a second at 300 ms`,
      expected: '150 of 150 by the LLM, p95 at most 1.2 x that without',
      seen: `${byLlm(strayed)} of 150, p95 ${ms(withOne)}: ${(withOne / without).toFixed(2)} x ${ms(without)}`,
      isFine: byLlm(strayed) === 150 && withOne <= 1.2 * without,
    },
  ];
}

/** Five batches one after another, at a vendor that takes three calls at once. */
async function batchesAtOnce(environment: Record<string, string> = {}): Promise<Row[]> {
  const vendor = fakeAtOnce(3);
  return beside(
    () => vendor.take(answering(600)),
    async (service) => {
      const startedMs = performance.now();
      const seen = await service.batch();
      const first = { ...vendor.counts };
      for (let index = 1; index < 5; index++) seen.push(...(await service.batch()));
      const wall = (performance.now() - startedMs) / (5 * 7 * 600);
      const refused = vendor.counts.refused - first.refused;
      const calls = refused + vendor.counts.taken - first.taken;
      return [
        {
          scene: `three at once, five batches of 20 at 600 ms ${Object.entries(environment).join()}`,
          expected:
            '100 of 100 by the LLM, at most 5 % refused from the second on, wall at most 1.15 x ideal',
          seen:
            `${byLlm(seen)} of 100, ${first.refused} refused in the first, then ${refused} of ${calls} ` +
            `(${percent(refused, calls)}), wall ${wall.toFixed(2)} x`,
          isFine: byLlm(seen) === 100 && refused <= 0.05 * calls && wall <= 1.15,
        },
      ];
    },
    environment,
  );
}

/** Batches at a vendor of two a second. */
async function batchesPerSecond(says: string, limits: object, batches: number): Promise<Row[]> {
  const quota = fakeQuota({ perSecond: 2, ...limits });
  return beside(
    () => quota.take(answering(300)),
    async (service) => {
      const seen: Seen[] = [];
      const startedMs = performance.now();
      for (let index = 0; index < batches; index++) seen.push(...(await service.batch()));
      const perSecond = (1_000 * seen.length) / (performance.now() - startedMs);
      const { refused, taken } = quota;
      const isStated = says === 'rate headers';
      return [
        {
          scene: `two a second, ${says}, ${batches} batch(es) of 20 at 300 ms`,
          expected: `all by the LLM${isStated ? ', at most 10 % refused' : ''}`,
          seen:
            `${byLlm(seen)} of ${seen.length}, ${refused} of ${refused + taken} refused ` +
            `(${percent(refused, refused + taken)}), ${perSecond.toFixed(2)} a second`,
          isFine: byLlm(seen) === seen.length && (!isStated || refused <= 0.1 * (refused + taken)),
        },
      ];
    },
  );
}

/** An outage ends, and five photos come together before any probe. */
async function halfOpen(): Promise<Row[]> {
  let isDown = false;
  const behave: Behave = () => (isDown ? openai.overloaded : answering(1_000));
  return beside(behave, async (service) => {
    await service.stream(5, 100);
    isDown = true;
    await service.untilOpen();
    isDown = false;
    await sleep(5_000);
    const seen = await service.stream(5, 0);
    return [
      {
        scene: 'circuit half open, healthy vendor of 1 s, five photos',
        expected: 'five by the LLM',
        seen: `${byLlm(seen)} by the LLM, within ${ms(longest(seen))}`,
        isFine: byLlm(seen) === 5,
      },
    ];
  });
}

/** How long after the vendor is back a photo is first answered by it; one photo after another. */
async function backAfterMs(service: Service): Promise<number> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < 30_000) if ((await service.single()).isByLlm) break;
  return performance.now() - startedMs;
}

async function dead(): Promise<Row[]> {
  const port = await freePort();
  const service = await serviceAt(`http://127.0.0.1:${port}/v1`);
  const seen: Seen[] = [];
  for (let index = 0; index < 30; index++) {
    seen.push(await service.single());
    await sleep(200);
  }
  const fake = await startFakeLlm({ port, behave: answering(300) });
  const backMs = await backAfterMs(service);
  await service.close();
  await fake.close();
  const later = seen.slice(3);
  return [
    {
      scene: 'dead vendor (connection refused), photos one after another',
      expected: 'from the fourth on each within 300 ms',
      seen: `${times(seen.slice(0, 3)).map(ms).join(', ')}, then at most ${ms(longest(later))}`,
      isFine: longest(later) <= 300,
    },
    backRow('dead vendor back', backMs),
  ];
}

async function hanging(): Promise<Row[]> {
  let isHanging = false;
  const behave: Behave = () => (isHanging ? { fault: 'hang' } : answering(300));
  return beside(behave, async (service) => {
    await service.stream(5, 400);
    isHanging = true;
    const before = await service.untilOpen();
    const seen: Seen[] = [];
    for (let index = 0; index < 40; index++) {
      seen.push(await service.single());
      await sleep(150);
    }
    isHanging = false;
    const backMs = await backAfterMs(service);
    const quick = seen.filter(({ tookMs }) => tookMs <= 300).length;
    return [
      {
        scene: 'vendor that begins to hang, four photos at once, deadline 25 s',
        expected: 'each within 6.3 s, until the circuit is open',
        seen: `${before.length} photos, all within ${ms(longest(before))}`,
        isFine: longest(before) <= 6_300,
      },
      {
        scene: 'hanging vendor, circuit open, photos one after another',
        expected: 'each within 300 ms, during a probe within 2 s more',
        seen: `${quick} of 40 within 300 ms, all within ${ms(longest(seen))}`,
        isFine: longest(seen) <= 2_300 && quick >= 25,
      },
      backRow('hanging vendor back', backMs),
    ];
  });
}

/** Sixty photos, six at a time, with a daily budget for thirty calls. */
async function budget(): Promise<Row[]> {
  const environment = { COST_PER_API_CALL: '0.01', LLM_BUDGET_DAILY: '0.3' };
  return beside(
    () => answering(50),
    async (service, fake) => {
      const seen: Seen[] = [];
      for (let index = 0; index < 10; index++) seen.push(...(await service.stream(6, 0)));
      return [
        {
          scene: 'a daily budget for thirty calls, sixty photos, six at a time',
          expected: '30 by the LLM, 30 calls, the rest by the local model',
          seen: `${byLlm(seen)} by the LLM, ${fake.requestCount} calls, ${seen.length} answers`,
          isFine: byLlm(seen) === 30 && fake.requestCount === 30 && seen.length === 60,
        },
      ];
    },
    environment,
  );
}

function backRow(scene: string, backMs: number): Row {
  return {
    scene,
    expected: 'an answer by the LLM within 5 s',
    seen: `after ${ms(backMs)}`,
    isFine: backMs <= 5_000,
  };
}

const scenes: Record<string, () => Promise<Row[]>> = {
  'batches at once': () => batchesAtOnce(),
  'batches at once, fixed': () => batchesAtOnce({ LLM_MAX_CONCURRENCY: '3' }),
  'batches a second, headers': () => batchesPerSecond('rate headers', { hasRateHeaders: true }, 1),
  'batches a second, headers, three': () => batchesPerSecond('rate headers', { hasRateHeaders: true }, 3),
  'batches a second, retry-after': () => batchesPerSecond('Retry-After', { hasRetryAfter: true }, 2),
  'batches a second, nothing': () => batchesPerSecond('nothing said', {}, 2),
  'half open': halfOpen,
  dead,
  hanging,
  budget,
};

async function runScenes(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, run] of Object.entries(scenes)) {
    if (!name.includes(values.only)) continue;
    rows.push(...(await run()));
    console.error(`${name}: done`);
  }
  return rows;
}

const running = runScenes();
const rows = 'stray'.includes(values.only) ? [...(await stray(running)), ...(await running)] : await running;
for (const { scene, expected, seen, isFine } of rows)
  console.log(`${isFine ? 'ok  ' : 'FAIL'} ${scene}\n       expected: ${expected}\n       seen:     ${seen}`);
if (rows.some(({ isFine }) => !isFine)) process.exitCode = 1;
