import { pino } from 'pino';
import sharp from 'sharp';
import { afterEach, describe, expect, test } from 'vitest';
import { formOf, post, sampleBytes, startApp } from '../support/app.ts';
import { type FakeLlm, type FakeLlmOptions, startFakeLlm } from '../support/fake-llm.ts';
import type { FakeBehaviour } from '../support/fake-llm-behaviour.ts';
import { longTest } from '../support/long-test.ts';
import { completion, recorded, vendorAnswers } from '../support/vendor-answers.ts';
import { prompt } from '../support/vision.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The service with a first provider and one behind it. What was answered without the LLM is not remembered. */
async function start(firstOptions: FakeLlmOptions = {}, providers = 'first,backup') {
  const [first, backup] = await Promise.all([startFakeLlm(firstOptions), startFakeLlm()]);
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const keys = { LLM_FIRST_API_KEY: 'sk-first-secret', LLM_BACKUP_API_KEY: 'sk-backup-secret' };
  const models = { LLM_FIRST_MODEL: 'first', LLM_BACKUP_MODEL: 'backup' };
  const vendors = { LLM_FIRST_PROVIDER: 'openai', LLM_BACKUP_PROVIDER: 'openai' };
  const urls = { LLM_FIRST_BASE_URL: first.baseUrl, LLM_BACKUP_BASE_URL: backup.baseUrl };
  const environment = {
    LLM_PROVIDERS: providers,
    ...vendors,
    ...keys,
    ...models,
    ...urls,
    PROVISIONAL_TTL: '0',
  };
  const app = await startApp({ ...environment, NEAR_DUPLICATES: 'off', LLM_RETRY_PERCENT: '100' }, log);
  closers.push(
    () => first.close(),
    () => backup.close(),
    () => app.close(),
  );
  let photos = 0;
  const classify = async (value: Uint8Array<ArrayBuffer>) =>
    (await post(`${app.url}/api/v1/classify`, formOf([{ name: 'image', value }]))).body.data;
  return {
    first,
    backup,
    classify,
    /** Another photo each time: bytes behind the end of a JPEG are no part of the picture. */
    photo: () => Buffer.concat([sampleBytes('cat.jpg'), Buffer.from(`#${photos++}`)]),
    /** Of each call, when it is over. */
    calls: () => linesOf(logged).filter(({ msg }) => msg === 'vision call'),
    /** Of failures that need an operator. */
    alerts: () => linesOf(logged).filter(({ level }) => level === 50),
    logged: () => logged.join(''),
  };
}

const linesOf = (logged: readonly string[]) => logged.map((line) => JSON.parse(line) as LogLine);

describe('where the first provider can’t answer', () => {
  test.each(vendorAnswers('failover-4xx'))(
    'with %s, the next one does, and the alert says why',
    async (name, answer) => {
      const { first, backup, photo, classify, alerts, logged } = await start();
      first.behave(answer);
      for (let photos = 0; photos < 3; photos++)
        expect(await classify(photo())).toMatchObject({ category: 'pets', model: 'backup', degraded: false });
      expect(backup.requestCount).toBe(3);
      const alert = { provider: 'first', host: `127.0.0.1:${first.port}`, status: answer.recorded.status };
      // A refused photo is nothing to act on.
      if (name.includes('content-policy')) expect(alerts()).toEqual([]);
      else expect(alerts()[0]).toMatchObject(alert);
      expect(logged()).not.toContain('secret');
    },
  );
});

const chat = (code: unknown, message: string, more: object = {}) => ({ error: { code, message, ...more } });
const flagged = { metadata: { reasons: ['sexual'], flagged_input: 'image' } };

describe('a photo that a vendor refuses', () => {
  const answers: [string, FakeBehaviour][] = [
    ...vendorAnswers('moderation-403'),
    ...vendorAnswers('llm-replies').filter(([name]) => name === 'finish-SAFETY.json'),
    ['403 without a word', recorded(chat(403, 'Forbidden', flagged), { status: 403 })],
    ['a list of errors', recorded([chat('400', 'The prompt was flagged as unsafe')], { status: 400 })],
    ['an error in a 200', recorded(chat('DataInspectionFailed', 'No.'))],
    ['a server error', recorded({ detail: 'Blocked by content moderation' }, { status: 500 })],
    ['a reason to block', recorded({ choices: [], promptFeedback: { blockReason: 'SAFETY' } })],
    ['PROHIBITED_CONTENT', recorded(completion({ finish_reason: 'PROHIBITED_CONTENT', message: null }))],
    [
      'a part that refuses',
      recorded(completion({ message: { content: [{ type: 'refusal', refusal: 'I can not.' }] } })),
    ],
  ];

  test('is refused alone and remembered; no other photo suffers from it', async () => {
    const { first, photo, classify, calls, alerts } = await start({}, 'first');
    for (const [name, answer] of answers) {
      const before = first.calls.length;
      const bad = photo();
      first.behave(answer);
      expect([name, await classify(bad)]).toMatchObject([
        name,
        { inference_method: 'local', degraded: true },
      ]);
      expect([name, first.calls.length - before]).toEqual([name, 2]);
      expect(first.calls.at(-1)?.prompt).toBe(prompt.plain);
      first.behave({ content: { category: 'foods', confidence: 0.9 } });
      // Not paid for again; the next one is asked about at once, with the one key.
      expect((await classify(bad)).degraded).toBe(true);
      expect([name, await classify(photo())]).toMatchObject([name, { category: 'foods', model: 'first' }]);
      expect([name, first.calls.length - before]).toEqual([name, 3]);
    }
    expect(alerts()).toEqual([]);
    const outcomes = calls().map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(new Set(['refused', 'answered']));
  }, 60_000);
});

const answer = '{"category":"pets","confidence":0.91,"description":"a cat"}';
const says = (content: unknown, more: object = {}) =>
  completion({ finish_reason: 'stop', message: { role: 'assistant', content } }, more);
const piece = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const unusable = new Set(['finish-SAFETY.json', 'answer-in-reasoning-content.json']);

describe('a reply', () => {
  const usable: [string, FakeBehaviour][] = [
    ...vendorAnswers('llm-replies').filter(([name]) => !unusable.has(name)),
    ['deflate', recorded(says(answer), { headers: { 'content-encoding': 'deflate' } })],
    [
      'Brotli and a wrong type',
      recorded(says(answer), { headers: { 'content-type': 'text/html', 'content-encoding': 'br' } }),
    ],
    ['status 201', recorded(says(answer), { status: 201 })],
    ['a mark of byte order', recorded(`\uFEFF${JSON.stringify(says(answer))}`)],
    ['a list of one', recorded([says(answer)])],
    [
      'an event stream',
      recorded(
        `: ping\n\n${piece({ role: 'assistant', content: '' })}${piece({ content: answer.slice(0, 20) })}${piece({ content: answer.slice(20) }, 'stop')}data: [DONE]\n\n`,
        { headers: { 'content-type': 'text/event-stream' } },
      ),
    ],
    ['an event stream of one', recorded(`event: message\r\ndata: ${JSON.stringify(says(answer))}\r\n\r\n`)],
    ['spread over lines', recorded(`${JSON.stringify(says(answer), null, 2)}\n\ndata: [DONE]\n`)],
    [
      'lines of JSON',
      recorded(
        `${JSON.stringify(says('{"category":"pets",'))}\n${JSON.stringify(says('"confidence":0.91}'))}`,
      ),
    ],
    ['parts of output text', recorded(says([{ type: 'output_text', text: answer }]))],
    ['a list of texts', recorded(says([answer]))],
    [
      'a thought in parts',
      recorded(
        says([
          { type: 'reasoning', text: 'foods?' },
          { type: 'text', text: answer },
        ]),
      ),
    ],
    ['a thought before JSON', recorded(says(`<think>{"category":"foods"} perhaps</think>${answer}`))],
    ['a thought that begins in the template', recorded(says(`a cat, so pets\n</think>\n\npets`))],
    ['another mark of thoughts', recorded(says(`<thinking>hm</thinking>\n**Pets**`))],
    ['a box', recorded(says('<|begin_of_box|>pets<|end_of_box|>'))],
    ['an error of null', recorded(says(answer, { error: null }))],
    ['an empty error', recorded(says(answer, { error: {} }))],
    ['an empty text as error', recorded(says(answer, { error: '' }))],
    ['an error that says ok', recorded(says(answer, { error: { code: 0, message: 'success' } }))],
    [
      'reasoning beside the answer',
      recorded(completion({ message: { content: answer, reasoning_content: 'a cat' } })),
    ],
  ];

  test('is read by what it holds, at the first call', async () => {
    const { first, backup, photo, classify, calls } = await start();
    for (const [name, behaviour] of usable) {
      first.behave(behaviour);
      const data = await classify(photo());
      expect([name, data]).toMatchObject([
        name,
        { category: 'pets', inference_method: 'llm', model: 'first', degraded: false },
      ]);
    }
    expect([first.requestCount, backup.requestCount]).toEqual([usable.length, 0]);
    expect(calls().every(({ outcome }) => outcome === 'answered')).toBe(true);
  }, 60_000);

  const useless: [string, FakeBehaviour][] = [
    [
      'only_reasoning',
      vendorAnswers('llm-replies').find(([name]) => name === 'answer-in-reasoning-content.json')?.[1] ??
        says(''),
    ],
    ['only_reasoning', recorded(says([{ type: 'thinking', thinking: 'a grey cat' }]))],
    ['only_reasoning', recorded(says('<think>a grey cat'))],
    [
      'cut_at_token_limit',
      recorded(completion({ finish_reason: 'MAX_TOKENS', message: { content: 'a grey' } })),
    ],
    ['no_text', recorded({ choices: [] })],
    ['not_json', recorded('a grey cat')],
    ['unknown_category', recorded(says('a grey cat'))],
    ['unknown_category', recorded(says('{"category":"grey cats","confidence":1}'))],
    ['invalid_confidence', recorded(says('{"category":"pets","confidence":"grey"}'))],
    ['several_json_objects', recorded(says(`${answer} ${answer} grey`))],
    ['no_json_object', recorded(says('{"category":"grey'))],
  ].map(([reason, behaviour]): [string, FakeBehaviour] => [reason as string, behaviour as FakeBehaviour]);

  // A quiet service may repeat ten calls in ten seconds.
  test.each([useless.slice(0, 8), useless.slice(8)])(
    'that can’t be used is asked for once more, then elsewhere, and the log says why in fixed words',
    async (...some) => {
      const { first, backup, photo, classify, calls, logged } = await start();
      for (const [reason, behaviour] of some) {
        first.behave(behaviour);
        expect([reason, await classify(photo())]).toMatchObject([
          reason,
          { category: 'pets', model: 'backup' },
        ]);
        const failed = { outcome: 'bad_answer', unusable: reason };
        expect(calls().slice(-3)).toMatchObject([failed, failed, { outcome: 'answered' }]);
        first.behave({ content: { category: 'pets', confidence: 0.9 } });
        expect((await classify(photo())).model).toBe('first');
      }
      expect([first.requestCount, backup.requestCount]).toEqual([3 * some.length, some.length]);
      expect(logged()).not.toContain('grey');
    },
    60_000,
  );
});

test('an upstream’s failure in a 200 is that failure', async () => {
  const { first, photo, classify, alerts } = await start();
  first.behave(recorded(completion({ finish_reason: 'error', error: { code: 402, message: 'Pay.' } })));
  expect((await classify(photo())).model).toBe('backup');
  expect(alerts()).toMatchObject([{ class: 'out_of_credit', status: 200, code: '402' }]);
});

describe('pictures that vendors don’t take as they are', () => {
  const create = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#ededed' } });
  const strictest = { leastEdgePx: 28, mostRatio: 8, status: 500 };
  const pictures: [string, number, number][] = [
    ['a chat', 1_080, 24_000],
    ['a longer chat', 750, 15_420],
    ['the longest chat', 1_080, 60_000],
    ['a wide banner', 24_000, 1_080],
    ['a narrow banner', 468, 40],
    ['a ruler', 2_000, 9],
    ['a line', 1, 700],
    ['a dot', 1, 1],
    ...[8, 9, 10, 16, 24, 27].map((px): [string, number, number] => [`a sticker of ${px} px`, px, px]),
    ['a thin sticker', 8, 27],
  ];

  longTest(
    'are answered at the first call, in a form that every vendor takes',
    async () => {
      const { first, backup, classify } = await start({ pictures: strictest });
      for (const [name, width, height] of pictures) {
        const bytes = await create(width, height).jpeg({ quality: 60 }).toBuffer();
        const data = await classify(Buffer.from(bytes));
        expect([name, data]).toMatchObject([
          name,
          { inference_method: 'llm', model: 'first', degraded: false },
        ]);
      }
      expect([first.requestCount, backup.requestCount]).toEqual([pictures.length, 0]);
      for (const { jpeg } of first.calls) {
        const { width, height } = await sharp(jpeg).metadata();
        expect(Math.min(width, height)).toBeGreaterThanOrEqual(32);
        expect(Math.max(width / height, height / width)).toBeLessThanOrEqual(8);
      }
    },
    60_000,
  );
});

test('a fake vendor that minds its pictures minds them', async () => {
  const picky: FakeLlm = await startFakeLlm({ pictures: { leastEdgePx: 28, mostRatio: 200, status: 500 } });
  closers.push(() => picky.close());
  const jpeg = await sharp({ create: { width: 23, height: 512, channels: 3, background: '#fff' } })
    .jpeg()
    .toBuffer();
  const url = `data:image/jpeg;base64,${jpeg.toString('base64')}`;
  const content = [{ type: 'image_url', image_url: { url } }];
  const { status } = await post(
    `${picky.baseUrl}/chat/completions`,
    { model: 'm', messages: [{ role: 'user', content }] },
    { authorization: 'Bearer k' },
  );
  expect(status).toBe(500);
});
