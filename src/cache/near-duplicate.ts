import type { Fingerprint, PictureCells } from '../image/photo.ts';

/**
 * Most levels between two encodings of one picture. Pictures that differ to the eye, such as two messages in a chat or
 * two names on a form, differ by more: bench/near-duplicates.ts measures both.
 */
const mostLevels = 6;
/** In a picture of low contrast, smaller differences count. */
const mostOfContrast = 0.25;
/** Further share of the step to its neighbours: in another size, pixels shift a little. */
const mostOfStep = 0.2;
const mostColourLevels = 8;
const mostAspect = 0.02;

/** Whether two pictures look the same: one is another encoding of the other, in any size and format. */
export function isNearDuplicate(one: Fingerprint, other: PictureCells): boolean {
  if (Math.abs(Math.log(one.aspect / other.aspect)) > mostAspect) return false;
  if (!isWithin(one.colours, other.colours, mostColourLevels)) return false;
  const mostCellLevels = Math.min(mostLevels, mostOfContrast * one.contrast);
  const edge = Math.sqrt(one.brightness.length);
  // A copy that is a little lighter all over is still one, within what its colours may differ by.
  const shift = meanOf(one.brightness) - meanOf(other.brightness);
  return one.brightness.every((level, cell) => {
    const apart = Math.abs(level - (other.brightness[cell] ?? 0) - shift) - mostCellLevels;
    if (apart <= 0) return true;
    const step = Math.min(stepAt(one.brightness, cell, edge), stepAt(other.brightness, cell, edge));
    return apart <= mostOfStep * step;
  });
}

function isWithin(one: Uint8Array, other: Uint8Array, most: number): boolean {
  return one.length === other.length && one.every((level, at) => Math.abs(level - (other[at] ?? 0)) <= most);
}

function meanOf(levels: Uint8Array): number {
  return levels.reduce((sum, level) => sum + level, 0) / Math.max(1, levels.length);
}

/** The largest difference from a cell to those beside, above and below it. */
function stepAt(cells: Uint8Array, cell: number, edge: number): number {
  const column = cell % edge;
  const neighbours = [
    column > 0 ? cells[cell - 1] : undefined,
    column < edge - 1 ? cells[cell + 1] : undefined,
    cells[cell - edge],
    cells[cell + edge],
  ];
  const level = cells[cell] ?? 0;
  return Math.max(...neighbours.map((neighbour) => Math.abs((neighbour ?? level) - level)));
}
