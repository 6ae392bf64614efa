/** Pixels as sharp hands them out: rows from the top, interleaved channels (RGB or RGBA). */
export interface RawPicture {
  readonly data: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: number;
}

/** A part of a picture. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * Squeezes a picture into a small square, whatever its shape: each pixel is the mean of what it stands for, on white
 * where that is transparent. In plain JavaScript, since a round through sharp's threads takes several times as long.
 * @returns `edgePx`² RGB pixels
 */
export function squeezed(picture: RawPicture, edgePx: number, region: Region = whole(picture)): Uint8Array {
  const small = new Uint8Array(edgePx * edgePx * 3);
  for (let y = 0; y < edgePx; y += 1) {
    const rows = spanOf(y, edgePx, region.top, region.heightPx);
    for (let x = 0; x < edgePx; x += 1) {
      const columns = spanOf(x, edgePx, region.left, region.widthPx);
      small.set(meanOf(picture, rows, columns), (y * edgePx + x) * 3);
    }
  }
  return small;
}

function whole({ widthPx, heightPx }: RawPicture): Region {
  return { left: 0, top: 0, widthPx, heightPx };
}

type Span = readonly [from: number, to: number];

/** What the cell at `index` covers, one pixel at least. */
function spanOf(index: number, cells: number, startPx: number, lengthPx: number): Span {
  const from = Math.floor((index * lengthPx) / cells);
  const to = Math.max(from + 1, Math.floor(((index + 1) * lengthPx) / cells));
  return [startPx + from, startPx + to];
}

function meanOf(
  { data, widthPx, channels }: RawPicture,
  rows: Span,
  columns: Span,
): [number, number, number] {
  let [red, green, blue] = [0, 0, 0];
  for (let y = rows[0]; y < rows[1]; y += 1)
    for (let x = columns[0]; x < columns[1]; x += 1) {
      const at = (y * widthPx + x) * channels;
      const alpha = channels === 4 ? (data[at + 3] ?? 255) / 255 : 1;
      const white = 255 * (1 - alpha);
      red += (data[at] ?? 0) * alpha + white;
      green += (data[at + 1] ?? 0) * alpha + white;
      blue += (data[at + 2] ?? 0) * alpha + white;
    }
  const count = (rows[1] - rows[0]) * (columns[1] - columns[0]);
  return [Math.round(red / count), Math.round(green / count), Math.round(blue / count)];
}
