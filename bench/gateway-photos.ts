/** Photos that gateway.ts sends, in the two formats that the targets accept. */
import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { costMicroOf, imageTokens } from '../src/vision/calls/price.ts';
import { readCatalogue } from '../src/vision/catalogue/catalogue.ts';
import { targetOf } from '../src/vision/catalogue/target.ts';

export interface Load {
  readonly kilobytes: number;
  /** Calls a second. */
  readonly rate: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A body in three parts; the middle one makes each photo unique. */
export interface Body {
  readonly head: Buffer;
  unique(): Buffer;
  readonly tail: Buffer;
}

/** The largest picture of that size in bytes; bytes behind its end make each photo unique. */
export async function pictureOf({ widthPx, heightPx, kilobytes }: Load): Promise<Buffer> {
  const wide = await sharp('docs/samples/pagoda.jpg').resize(widthPx, heightPx).png().toBuffer();
  let [enough, tooMuch] = [1, 100];
  const encode = (quality: number) => sharp(wide).jpeg({ quality }).toBuffer();
  while (tooMuch - enough > 1) {
    const middle = (enough + tooMuch) >> 1;
    if ((await encode(middle)).length <= kilobytes * 1_000) enough = middle;
    else tooMuch = middle;
  }
  return encode(enough);
}

const uniqueBytes = 48;

export const jsonHeaders = { 'content-type': 'application/json', authorization: 'Bearer sk-bench' };

/** The finished request to a vendor. */
export function chatBody(picture: Buffer): Body {
  // Base64 of whole groups of three bytes can be concatenated.
  const filled = Buffer.concat([picture, Buffer.alloc((3 - (picture.length % 3)) % 3)]);
  const content = [
    { type: 'text', text: 'What does it show?' },
    { type: 'image_url', image_url: { detail: 'low', url: 'data:image/jpeg;base64,' } },
  ];
  const json = JSON.stringify({
    model: 'gpt-6-luna',
    max_tokens: 300,
    messages: [{ role: 'user', content }],
  });
  const end = '"}}]}]}';
  return {
    head: Buffer.from(json.slice(0, -end.length) + filled.toString('base64')),
    unique: () => Buffer.from(randomBytes(uniqueBytes).toString('base64')),
    tail: Buffer.from(end),
  };
}

const boundary = '----bench0123456789abcdef';
export const formHeaders = { 'content-type': `multipart/form-data; boundary=${boundary}` };

/** The form in which a phone sends a photo. */
export function formBody(picture: Buffer): Body {
  const disposition = 'Content-Disposition: form-data; name="image"; filename="photo.jpg"';
  const head = `--${boundary}\r\n${disposition}\r\nContent-Type: image/jpeg\r\n\r\n`;
  return {
    head: Buffer.concat([Buffer.from(head), picture]),
    unique: () => randomBytes(uniqueBytes),
    tail: Buffer.from(`\r\n--${boundary}--\r\n`),
  };
}

const luna = targetOf(readCatalogue(), { vendor: 'openai', baseUrl: undefined, model: 'gpt-6-luna' });

/** For 1,000 photos of that size, at `detail: low`, with some 300 tokens of words and an answer of 28. */
export function usdPer1000(widthPx: number, heightPx: number): string {
  const { price = { input: 0, output: 0 }, imageTokens: rule = {} } = luna;
  const usage = { inputTokens: imageTokens(rule, widthPx, heightPx) + 300, outputTokens: 28 };
  return ((costMicroOf(price, usage) ?? 0) / 1_000).toFixed(3);
}
