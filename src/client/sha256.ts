/** SHA-256 as 64 lower-case hex digits; by WebCrypto where there is one. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // Pages without https and React Native have no WebCrypto.
  const digest = globalThis.crypto?.subtle
    ? new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', bytes))
    : slowSha256(bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const primes = firstPrimes(64);
const fraction = (root: number) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const roundConstants = primes.map((prime) => fraction(Math.cbrt(prime)));
const startState = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

/** FIPS 180-4 in plain arithmetic. */
export function slowSha256(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.from(startState);
  const schedule = new Int32Array(64);
  const wholeBytes = bytes.length - (bytes.length % 64);
  const whole = new DataView(bytes.buffer, bytes.byteOffset, wholeBytes);
  for (let offset = 0; offset < wholeBytes; offset += 64) compress(state, schedule, whole, offset);
  const tail = paddedTail(bytes.subarray(wholeBytes), bytes.length);
  for (let offset = 0; offset < tail.byteLength; offset += 64) compress(state, schedule, tail, offset);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => {
    digest.setInt32(index * 4, word);
  });
  return new Uint8Array(digest.buffer);
}

function paddedTail(rest: Uint8Array, totalBytes: number): DataView {
  const tail = new Uint8Array(rest.length + 9 > 64 ? 128 : 64);
  tail.set(rest);
  tail[rest.length] = 0x80;
  const view = new DataView(tail.buffer);
  view.setUint32(tail.length - 8, Math.floor(totalBytes / 2 ** 29));
  view.setUint32(tail.length - 4, (totalBytes * 8) % 2 ** 32);
  return view;
}

const rotated = (word: number, by: number) => (word >>> by) | (word << (32 - by));
const at = (words: ArrayLike<number>, index: number) => words[index] ?? 0;

function compress(state: Int32Array, schedule: Int32Array, block: DataView, offset: number): void {
  for (let index = 0; index < 16; index++) schedule[index] = block.getInt32(offset + index * 4);
  for (let index = 16; index < 64; index++) {
    const [early, late] = [at(schedule, index - 15), at(schedule, index - 2)];
    const s0 = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const s1 = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    schedule[index] = at(schedule, index - 16) + s0 + at(schedule, index - 7) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let index = 0; index < 64; index++) {
    const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + s1 + ((e & f) ^ (~e & g)) + at(roundConstants, index) + at(schedule, index)) | 0;
    const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = at(state, index) + word;
}

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++)
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  return found;
}
