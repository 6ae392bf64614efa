import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../fixtures/corpus/', import.meta.url);

/** Valid files of each format, a few hundred bytes to a few thousand. */
export function corpus(): readonly Buffer[] {
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(new URL(name, folder)));
}

/** Numbers below a bound, the same ones for the same seed (xorshift32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Lengths and counts at which programs go wrong. */
const telling = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

type Random = ReturnType<typeof randomOf>;

const mutations: readonly ((bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer)[] = [
  function flipBit(bytes, random) {
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[random(bytes.length)] = random(256);
    return bytes;
  },
  function setNumber(bytes, random) {
    const value = telling[random(telling.length)] ?? 0;
    const at = random(Math.max(1, Math.min(bytes.length, 600) - 4));
    if (bytes.length < at + 4) return bytes;
    if (random(2) === 0) bytes.writeUInt32BE(value, at);
    else bytes.writeUInt16BE(value & 0xffff, at);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, 1 + random(bytes.length)),
  function remove(bytes, random) {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(64))]);
  },
  function repeat(bytes, random) {
    const at = random(bytes.length);
    const piece = bytes.subarray(at, at + 1 + random(200));
    const copies = Array<Buffer>(1 + random(20)).fill(piece);
    return Buffer.concat([bytes.subarray(0, at), ...copies, bytes.subarray(at)]);
  },
  function splice(bytes, random, others) {
    const other = others[random(others.length)] ?? bytes;
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length))]);
  },
  function noise(bytes, random) {
    const from = random(bytes.length);
    for (let at = from; at < Math.min(bytes.length, from + 32); at += 1) bytes[at] = random(256);
    return bytes;
  },
];

/** One of the seeds, changed in one to six ways. The first bytes mostly stay: they say what format it is. */
export function mutant(seeds: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(seeds[random(seeds.length)] ?? Buffer.alloc(1));
  const signature = Buffer.from(bytes.subarray(0, 12));
  for (let rounds = 1 + random(6); rounds > 0 && bytes.length > 0; rounds -= 1) {
    const mutate = mutations[random(mutations.length)];
    if (mutate) bytes = Buffer.from(mutate(bytes, random, seeds));
  }
  if (random(10) > 0) signature.copy(bytes);
  return bytes;
}
