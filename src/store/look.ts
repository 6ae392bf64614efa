import type { Look } from '../image/photo.ts';
import { StatementError } from './outage.ts';

/** A look as it is stored: what is needed to tell whether another one is of the same picture. */
export type StoredLook = Omit<Look, 'doubtful'>;

/**
 * How far apart encodings of one picture may be. On 595 photos, cut by 2 % at the edges, sent through chat apps, at
 * 25 % of their size or JPEG quality 40, they are at most 11 bits, 4.2 levels and 2.3 % apart, and 99 % of them at
 * most 8 bits; of 176,000 unrelated pairs none is within these bounds (bench/near-duplicates.ts).
 */
export const mostBits = 10;
const mostLevels = 7;
const mostAspect = 0.04;

/** Whether two looks are of the same picture, as far as can be told. */
export function isAlike(a: StoredLook, b: StoredLook): boolean {
  return (
    bitsApart(a.hash, b.hash) <= mostBits &&
    Math.abs(Math.log(a.aspect / b.aspect)) <= mostAspect &&
    levelsApart(a.colours, b.colours) <= mostLevels
  );
}

/** Bits in which two hashes of 16 hex digits differ. */
export function bitsApart(a: string, b: string): number {
  return (
    onesIn(Number.parseInt(a.slice(0, 8), 16) ^ Number.parseInt(b.slice(0, 8), 16)) +
    onesIn(Number.parseInt(a.slice(8), 16) ^ Number.parseInt(b.slice(8), 16))
  );
}

function onesIn(word: number): number {
  let ones = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) ones += 1;
  return ones;
}

/** Mean difference of two grids of colours, 0 to 255. */
function levelsApart(a: string, b: string): number {
  const [one, other] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  let sum = 0;
  for (const [index, level] of one.entries()) sum += Math.abs(level - (other[index] ?? 0));
  return sum / Math.max(1, one.length);
}

/** Where the hash is cut: 22, 21 and 21 bits. Ten million hashes leave about five in a value of a band. */
const cuts = [
  [0, 22],
  [22, 43],
  [43, 64],
] as const;

const bitsOf = (hash: string): string => BigInt(`0x${hash}`).toString(2).padStart(64, '0');

/** The three bands of a hash, as numbers. */
export function bandsOf(hash: string): readonly [number, number, number] {
  const bits = bitsOf(hash);
  const [a = 0, b = 0, c = 0] = cuts.map(([from, to]) => Number.parseInt(bits.slice(from, to), 2));
  return [a, b, c];
}

const doubtedInBand = 8;

/**
 * Values of each band under which a twin of this look is searched: the band itself, and with one or two of its eight
 * least certain bits turned. Those are the bits in which another encoding differs.
 */
export function probesOf({ hash, doubtful }: Look): readonly (readonly number[])[] {
  return bandsOf(hash).map((band, index) => {
    const [from, to] = cuts[index] ?? [0, 0];
    const masks = doubtful
      .filter((bit) => bit >= from && bit < to)
      .slice(0, doubtedInBand)
      .map((bit) => 2 ** (to - 1 - bit));
    const pairs = masks.flatMap((mask, at) => masks.slice(at + 1).map((other) => mask | other));
    return [band, ...[...masks, ...pairs].map((mask) => band ^ mask)];
  });
}

/** @throws StatementError no look */
export function checkedLook(look: StoredLook): StoredLook {
  const isSound =
    /^[0-9a-f]{16}$/.test(look.hash) &&
    /^[0-9a-f]{96}$/.test(look.colours) &&
    Number.isInteger(look.aspect) &&
    look.aspect > 0 &&
    look.aspect <= 65_535;
  if (!isSound) throw new StatementError('BAD_LOOK', 'A look is a hash, a grid of colours and an aspect.');
  return look;
}
