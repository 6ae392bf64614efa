import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256Of, slowSha256 } from '../../src/client/sha256.ts';

test('the plain SHA-256 agrees with the platform’s at every length around a block', async () => {
  for (let length = 0; length <= 130; length++) {
    const bytes = randomBytes(length);
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect(Buffer.from(slowSha256(bytes)).toString('hex')).toBe(expected);
    expect(await sha256Of(new Uint8Array(bytes))).toBe(expected);
  }
});

test('a view into a larger buffer is hashed for itself', () => {
  const view = Buffer.from('xxhello worldyy').subarray(2, 13);
  expect(Buffer.from(slowSha256(view)).toString('hex')).toBe(
    createHash('sha256').update('hello world').digest('hex'),
  );
});
