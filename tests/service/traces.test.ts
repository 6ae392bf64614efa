import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { traceOf } from '../../src/http/access/caller.ts';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { anthropicWire } from '../support/fake-llm-anthropic.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const header = `00-${traceId}-${parentId}-01`;

test.each([
  [header, '01'],
  [`00-${traceId}-${parentId}-00`, '00'],
  // Unknown flags are not passed on.
  [`00-${traceId}-${parentId}-ff`, '03'],
  // A later version may have more fields.
  [`cc-${traceId}-${parentId}-01-what-comes`, '01'],
])('%s is a trace', (traceparent, flags) => {
  expect(traceOf(traceparent)).toEqual({ traceId, flags });
});

test.each([
  undefined,
  '',
  `${header}-more`,
  `${header}, ${header}`,
  `ff-${traceId}-${parentId}-01`,
  `00-${traceId.toUpperCase()}-${parentId}-01`,
  `00-${'0'.repeat(32)}-${parentId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `cc-${traceId}-${parentId}-01.`,
  `00-${traceId}-${parentId}-1\n`,
])('%j is none', (traceparent) => {
  expect(traceOf(traceparent)).toBeUndefined();
});

interface Line {
  readonly msg: string;
  readonly trace_id?: string;
  readonly span_id?: string;
}

const lines: Line[] = [];
const log = pino(
  new Writable({
    write(chunk, _, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  }),
);

const vendors: FakeLlm[] = [];
let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  vendors.push(await startFakeLlm(), await startFakeLlm({ wire: anthropicWire }));
  const [openai, anthropic] = vendors;
  app = await startApp(
    {
      LLM_PROVIDERS: 'first, second',
      LLM_FIRST_PROVIDER: 'openai',
      LLM_FIRST_BASE_URL: openai?.baseUrl ?? '',
      LLM_SECOND_PROVIDER: 'anthropic',
      LLM_SECOND_BASE_URL: anthropic?.baseUrl ?? '',
    },
    log,
  );
});
afterAll(async () => {
  await app.close();
  await Promise.all(vendors.map((one) => one.close()));
});

async function upload(
  name: 'cat.jpg' | 'coffee.jpg',
  headers: Record<string, string>,
): Promise<readonly Line[]> {
  lines.length = 0;
  const form = formOf([{ name: 'image', value: sampleBytes(name) }]);
  expect((await post(`${app.url}/api/v1/classify`, form, headers)).status).toBe(200);
  return lines.filter(({ msg }) => msg === 'request' || msg === 'vision call');
}

const parentOf = (vendor: FakeLlm | undefined) => vendor?.calls.at(-1)?.headers.traceparent;

test('the log and the calls of every vendor continue the trace of a request', async () => {
  const [openai, anthropic] = vendors;
  openai?.behave({ status: 404, body: { error: { code: 'model_not_found', message: 'no' } } });
  const logged = await upload('cat.jpg', { traceparent: header });
  const spanOf = (vendor: FakeLlm | undefined) =>
    new RegExp(`^00-${traceId}-([\\da-f]{16})-01$`).exec(String(parentOf(vendor)))?.[1];
  const spans = [spanOf(openai), spanOf(anthropic)];
  expect(new Set([parentId, undefined, ...spans]).size).toBe(4);
  expect(logged).toEqual([
    expect.objectContaining({ msg: 'vision call', trace_id: traceId, span_id: spans[1] }),
    expect.objectContaining({ msg: 'request', trace_id: traceId }),
  ]);
});

test('without a valid header nothing is added', async () => {
  const logged = await upload('coffee.jpg', { traceparent: 'no trace' });
  expect(parentOf(vendors[1])).toBeUndefined();
  expect(logged).toHaveLength(2);
  for (const line of logged) expect(line).not.toHaveProperty('trace_id');
});
