import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { formOf, post, startApp } from '../support/app.ts';
import { startFakeLlm } from '../support/fake-llm.ts';
import { secret, tellingPhotos } from '../support/telling-photos.ts';

const heads = ['Exif', 'xmpmeta', 'http://ns.adobe.com', 'ICC_PROFILE', 'MPF\0', 'JFXX', '8BIM', 'ftyp'];
/** Codes of a JPEG's segments before its scan: application data and comments, but for JFIF's own. */
function metadataOf(jpeg: Buffer): number[] {
  const codes: number[] = [];
  for (let at = 2; jpeg[at] === 0xff && jpeg[at + 1] !== 0xda; at += 2 + jpeg.readUInt16BE(at + 2))
    codes.push(jpeg[at + 1] ?? 0);
  return codes.filter((code) => (code > 0xe0 && code <= 0xef) || code === 0xfe);
}

test.each([
  ['shrunk', { STRATEGY: 'llm-only' }],
  ['shrunk, beside a local opinion', { STRATEGY: 'llm-first' }],
])('no word of a photo leaves with it, %s', async (_, environment) => {
  const llm = await startFakeLlm();
  onTestFinished(() => llm.close());
  const { url, close } = await startApp({
    ...environment,
    LLM_BASE_URL: llm.baseUrl,
    NEAR_DUPLICATES: 'off',
  });
  onTestFinished(close);
  const heic = readFileSync('tests/fixtures/heic/samsung.heic');
  for (const [name, bytes] of Object.entries({ ...tellingPhotos, heic })) {
    if (name !== 'heic') expect([name, bytes.includes(secret)]).toEqual([name, true]);
    const form = formOf([{ name: 'image', value: new Uint8Array(bytes), filename: `${secret}.jpg` }]);
    const { status, body } = await post(`${url}/api/v1/classify`, form);
    expect([name, status, body.data?.inference_method]).toEqual([name, 200, 'llm']);
    const { jpeg, body: sent } = llm.calls.at(-1) ?? { jpeg: Buffer.alloc(0) };
    for (const word of [secret, ...heads])
      expect([name, word, jpeg.includes(word)]).toEqual([name, word, false]);
    expect([name, metadataOf(jpeg)]).toEqual([name, []]);
    expect(JSON.stringify(sent)).not.toContain(secret);
  }
  expect(llm.calls).toHaveLength(Object.keys(tellingPhotos).length + 1);
});
