import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { manyScans } from '../tests/support/hostile-files.ts';

export interface Traffic {
  /** Answers by `request status code`. */
  readonly counts: ReadonlyMap<string, number>;
  /** Those that no rule below allows. */
  readonly unexplained: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Which answers each kind of request may have. `503` stands for an overload or a database that is away. */
const allowed: Readonly<Record<string, RegExp>> = {
  photo: /^(200|503 (overloaded|queue_full|too_many_uploads|upload_budget))/,
  again: /^(200|503 (overloaded|queue_full))/,
  batch: /^(200|503 )/,
  'check-cache': /^(200|503 store_unavailable|503 )/,
  'batch-check-cache': /^(200|503 )/,
  hostile: /^(400|413|415|422|503 )/,
  feedback: /^(200|404|503 )/,
  health: /^200/,
  wrong: /^(400|404|405|415)/,
  aborted: /^gone/,
};

export const answersOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/** As many clients as asked for, each sending one request after another of a kind drawn by chance. */
export async function openTraffic({
  url,
  seed,
  clients,
}: {
  url: string;
  seed: number;
  clients: number;
}): Promise<Traffic> {
  const counts = new Map<string, number>();
  const unexplained = new Map<string, number>();
  const random = randomFrom(seed);
  const samples = ['cat', 'coffee', 'pagoda', 'flower', 'screenshot'].map((name) =>
    readFileSync(`docs/samples/${name}.jpg`),
  );
  const hostile = [
    await manyScans(1_500, 100),
    Buffer.from('<html>not a photo</html>'),
    (samples[0] as Buffer).subarray(0, 3_000),
    await sharp({
      create: { width: 20_000, height: 20_000, channels: 3, background: '#000' },
      limitInputPixels: false,
    })
      .png()
      .toBuffer(),
  ];
  const sent: Buffer[] = [];
  let isStopped = false;

  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

  /** Bytes that came never before: a comment in the header makes another file of the same picture. */
  function freshPhoto(): Buffer {
    const note = Buffer.from(`soak ${random()} ${sent.length}`);
    const segment = Buffer.from([0xff, 0xfe, 0, note.length + 2]);
    const sample = pick(samples);
    const photo = Buffer.concat([sample.subarray(0, 2), segment, note, sample.subarray(2)]);
    if (sent.length < 500) sent.push(photo);
    else sent[Math.floor(random() * sent.length)] = photo;
    return photo;
  }

  const formOf = (photos: readonly Buffer[], field: string) => {
    const form = new FormData();
    for (const photo of photos) form.append(field, new Blob([new Uint8Array(photo)]), 'photo.jpg');
    return form;
  };
  const hashOf = (photo: Buffer) => createHash('sha256').update(photo).digest('hex');
  const user = () => (random() < 0.5 ? { 'x-user-id': `user-${Math.floor(random() * 50)}` } : undefined);
  const json = (path: string, body: object) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...user() },
    });
  const upload = (path: string, photos: readonly Buffer[], signal?: AbortSignal) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body: formOf(photos, path.endsWith('batch') ? 'images' : 'image'),
      headers: { ...user() },
      ...(signal && { signal }),
    });
  const known = () => (sent.length === 0 ? freshPhoto() : pick(sent));

  const requests: Readonly<Record<string, readonly [share: number, send: () => Promise<Response>]>> = {
    photo: [20, () => upload('/api/v1/classify', [freshPhoto()])],
    again: [20, () => upload('/api/v1/classify', [known()])],
    batch: [3, () => upload('/api/v1/classify/batch', [freshPhoto(), known(), freshPhoto()])],
    'check-cache': [30, () => json('/api/v1/classify/check-cache', { image_hash: hashOf(known()) })],
    'batch-check-cache': [
      10,
      () =>
        json('/api/v1/classify/batch-check-cache', {
          image_hashes: Array.from({ length: 20 }, () => hashOf(known())),
        }),
    ],
    hostile: [5, () => upload('/api/v1/classify', [pick(hostile)])],
    feedback: [2, () => json('/api/v1/feedback', { image_hash: hashOf(known()), category: 'foods' })],
    health: [5, () => fetch(`${url}/health/live`)],
    wrong: [2, () => json('/api/v1/classify/check-cache', { image_hash: 7 })],
    aborted: [
      3,
      () => upload('/api/v1/classify', [freshPhoto()], AbortSignal.timeout(Math.floor(random() * 40) + 1)),
    ],
  };
  const total = Object.values(requests).reduce((sum, [share]) => sum + share, 0);

  function draw(): string {
    let left = random() * total;
    for (const [kind, [share]] of Object.entries(requests)) {
      left -= share;
      if (left < 0) return kind;
    }
    return 'health';
  }

  async function client(): Promise<void> {
    while (!isStopped) {
      const kind = draw();
      const outcome = await outcomeOf(requests[kind]?.[1] ?? (() => fetch(url)), kind);
      const key = `${kind} ${outcome}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      // An upload that should have been cut off may be answered sooner.
      const isExplained =
        allowed[kind]?.test(outcome) || (kind === 'aborted' && allowed.photo?.test(outcome));
      if (!isExplained) unexplained.set(key, (unexplained.get(key) ?? 0) + 1);
      await sleep(random() * 60);
    }
  }

  const running = Array.from({ length: clients }, client);
  return {
    counts,
    unexplained,
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  };
}

async function outcomeOf(send: () => Promise<Response>, kind: string): Promise<string> {
  try {
    const response = await send();
    const text = await response.text();
    if (response.ok) return '200';
    return `${response.status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ''}`.trim();
  } catch (error) {
    return kind === 'aborted' ? 'gone' : `gone: ${(error as Error).cause ?? error}`;
  }
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
