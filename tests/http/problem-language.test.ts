import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formOf, get, post, sampleBytes, startApp } from '../support/app.ts';

const log: string[] = [];
let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  app = await startApp({ OPS_TOKEN: 'let-me-in', API_KEYS: 'optional' }, logger);
});
afterAll(() => app.close());

const chinese = { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' };
const han = /\p{Script=Han}/u;
const whole = sampleBytes('cat.jpg');
const damaged = Buffer.concat([whole.subarray(0, 2), whole]);

test('a problem is told in the language of the caller, with the same code', async () => {
  const classify = `${app.url}/api/v1/classify`;
  const requests: [number, (headers: Record<string, string>) => ReturnType<typeof get>][] = [
    [404, (headers) => get(`${app.url}/nowhere`, headers)],
    [405, (headers) => get(classify, headers)],
    [401, (headers) => get(`${app.url}/metrics`, headers)],
    [401, (headers) => post(classify, formOf([]), { ...headers, 'x-api-key': 'wrong' })],
    [400, (headers) => post(`${classify}/check-cache`, {}, headers)],
    [400, (headers) => post(`${classify}/check-cache`, { image_hash: 'short' }, headers)],
    [400, (headers) => post(`${classify}/batch-check-cache`, { image_hashes: 'none' }, headers)],
    [415, (headers) => post(classify, { image: 'x' }, headers)],
    [415, (headers) => post(classify, formOf([{ name: 'image', value: Buffer.from('words') }]), headers)],
    [422, (headers) => post(classify, formOf([{ name: 'image', value: damaged }]), headers)],
    [
      422,
      (headers) => post(classify, formOf([{ name: 'image', value: whole.subarray(0, 20_000) }]), headers),
    ],
  ];
  for (const [status, send] of requests) {
    const english = await send({});
    const other = await send(chinese);
    const { detail, title, code } = other.body;
    expect([english.status, other.status, code]).toEqual([status, status, english.body.code]);
    expect(english.body.detail).not.toMatch(han);
    expect([detail, title]).toEqual([expect.stringMatching(han), expect.stringMatching(han)]);
    expect(detail).not.toMatch(/\{|undefined|\b(the|is|must)\b/);
    const languages = [english, other].map(({ headers }) => headers.get('content-language'));
    expect(languages).toEqual(['en', 'zh']);
    expect(other.headers.get('vary')).toContain('Accept-Language');
  }
});

test('the errors of a batch are told in the language of the caller, in both versions and in lines', async () => {
  const photo = { name: 'images', value: Buffer.from('words') };
  const metadata = { name: 'image_metadata', value: '{"items":[{"index":0,"image_uri":"a"}]}' };
  const batch = (path: string, headers: Record<string, string>) =>
    post(`${app.url}${path}`, formOf([photo, metadata]), headers);
  for (const path of ['/api/v1/classify/batch', '/api/v2/classify/batch']) {
    const errorIn = ({ body }: Awaited<ReturnType<typeof batch>>) => (body.items ?? body.results)[0].error;
    expect(errorIn(await batch(path, {}))).toMatch(/^The file is text/);
    expect(errorIn(await batch(path, chinese))).toMatch(/^此文件是文本/);
    const lines = await batch(path, { ...chinese, accept: 'application/x-ndjson' });
    expect(lines.body).toContain('此文件是文本');
  }
});

test('the log stays English', () => {
  expect(log.join('')).toContain('"status":415');
  expect(log.join('')).not.toMatch(han);
});
