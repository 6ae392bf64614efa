import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterEach, describe, expect, test } from 'vitest';
import { formOf, post, type Sample, sampleBytes, samples, startApp } from '../support/app.ts';
import { type FakeLlm, startFakeLlm } from '../support/fake-llm.ts';
import { hybridOf } from '../support/pictures/hybrid.ts';

/** Each with a user id and a network of its own. */
interface Phone {
  readonly user: string;
  readonly address: string;
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const claimantOf = (user: string) => sha256(`user:${user}`).slice(0, 32);
/** Of a file on many phones: attackers know it too. */
const original = sha256('the file that everybody was sent');
const phones = (name: string, count: number, network: number): Phone[] =>
  Array.from({ length: count }, (_, at) => ({ user: `${name} ${at}`, address: `203.${network}.${at}.1` }));
const uninvolved: Phone = { user: 'uninvolved', address: '192.0.2.1' };

let app: Awaited<ReturnType<typeof startApp>>;
let llm: FakeLlm;
afterEach(async () => {
  await app.close();
  await llm.close();
});

async function start(environment: Record<string, string> = {}): Promise<void> {
  llm = await startFakeLlm();
  const { baseUrl: LLM_BASE_URL } = llm;
  app = await startApp({ LLM_BASE_URL, TRUST_PROXY: '127.0.0.1/32', ...environment });
}

/** What the LLM says of whatever comes next. */
function nextIs(category: string): void {
  llm.behave({ content: { category, confidence: 0.9 } });
}

const headersOf = ({ user, address }: Phone) => ({ 'x-user-id': user, 'x-forwarded-for': address });

async function send(phone: Phone, photo: Buffer, image_hash = original): Promise<string> {
  const parts = [
    { name: 'image', value: Buffer.from(photo) },
    { name: 'image_hash', value: image_hash },
  ];
  return (await post(`${app.url}/api/v1/classify`, formOf(parts), headersOf(phone))).body.data.category;
}

async function lookUp(phone: Phone, image_hash = original): Promise<string | undefined> {
  const { body } = await post(`${app.url}/api/v1/classify/check-cache`, { image_hash }, headersOf(phone));
  return body.data?.category;
}

const cat = sampleBytes('cat.jpg');
/** As each phone encodes it anew. */
const renditionOf = (photo: Buffer, at: number) =>
  sharp(photo)
    .jpeg({ quality: 80 + at })
    .toBuffer();

describe('claims of others change no answer:', () => {
  test('two hundred made-up users, whose claims come before those of five honest networks', async () => {
    await start();
    nextIs('pets');
    const honest = phones('honest', 5, 1);
    for (const [at, phone] of honest.entries()) await send(phone, await renditionOf(cat, at));
    nextIs('other');
    // Claims of a hash used to be read in the order of their claimants, 200 at most.
    const candidates = Array.from({ length: 6000 }, (_, at) => `made up ${at}`);
    const madeUp = candidates.sort((a, b) => (claimantOf(a) < claimantOf(b) ? -1 : 1)).slice(0, 200);
    const leaf = sampleBytes('flower.jpg');
    for (const [at, user] of madeUp.entries()) await send({ user, address: `203.2.${at % 2}.1` }, leaf);
    expect(await lookUp(uninvolved)).toBeUndefined();
    nextIs('pets');
    const late = phones('late', 1, 3)[0] ?? uninvolved;
    await send(late, await renditionOf(cat, 9));
    for (const phone of [...honest, late])
      expect([phone.user, await lookUp(phone)]).toEqual([phone.user, 'pets']);
  }, 60_000);

  test('two claims for a picture without features, before three honest networks whose pictures have none either', async () => {
    await start();
    const plain = (level: number) =>
      sharp({
        create: { width: 640, height: 480, channels: 3, background: { r: level, g: level, b: level } },
      })
        .jpeg()
        .toBuffer();
    nextIs('idcard');
    for (const phone of phones('hostile', 2, 2)) await send(phone, await plain(250));
    nextIs('travel_scenery');
    const honest = phones('honest', 3, 1);
    for (const [at, phone] of honest.entries()) await send(phone, await plain(20 + at));
    expect(await lookUp(uninvolved)).toBeUndefined();
    for (const phone of honest) expect(await lookUp(phone)).toBe('travel_scenery');
  });

  test('two networks with a hybrid that has an honest picture’s every cell and shows something else', async () => {
    await start();
    nextIs('pets');
    const [honest = uninvolved] = phones('honest', 1, 1);
    await send(honest, cat);
    nextIs('idcard');
    const hybrid = await hybridOf(cat, sampleBytes('screenshot.jpg'));
    for (const phone of phones('hostile', 2, 2)) await send(phone, hybrid);
    expect(await lookUp(uninvolved)).toBeUndefined();
    expect(await lookUp(honest)).toBe('pets');
  });

  test('a hybrid sent once, without a name, where near duplicates are answered', async () => {
    await start({ NEAR_DUPLICATES: 'on' });
    nextIs('idcard');
    await send({ user: '', address: '203.2.0.1' }, await hybridOf(cat, sampleBytes('screenshot.jpg')));
    nextIs('pets');
    for (const [at, phone] of phones('honest', 3, 1).entries())
      expect(await send(phone, await renditionOf(cat, at))).toBe('pets');
    expect(await lookUp(uninvolved)).toBeUndefined();
  });
});

test('a phone that claims original hashes and uploads small copies finds all its photos after a reinstall', async () => {
  const names = Object.keys(samples) as Sample[];
  const anna: Phone = { user: 'anna', address: '192.0.2.7' };
  const claimed = (name: Sample) => sha256(`original of ${name}`);
  const found = async (phone: Phone) => {
    const body = { image_hashes: names.map(claimed) };
    const reply = await post(`${app.url}/api/v1/classify/batch-check-cache`, body, headersOf(phone));
    return reply.body.items.map(({ data }: { data: { category: string } | null }) => data?.category);
  };
  await start();
  for (const name of names) {
    nextIs(samples[name]);
    const copy = await sharp(sampleBytes(name)).resize(1024, 1024, { fit: 'inside' }).jpeg().toBuffer();
    await send(anna, copy, claimed(name));
    // Another user claims each of them for the last one.
    await send({ user: 'mallory', address: '203.2.0.1' }, sampleBytes('qr-poster.jpg'), claimed(name));
  }
  await app.services.cacheOperations.forget({ claimants: [] });
  // From another network, with nothing in the service's memory.
  const reinstalled = { user: 'anna', address: '198.51.100.3' };
  // v1 has no card for QR codes.
  const told = names.map((name) => (samples[name] === 'qrcode' ? 'other' : samples[name]));
  expect(await found(reinstalled)).toEqual(told);
  expect(await found(uninvolved)).toEqual(names.map(() => undefined));
});
