/** Pixels as sharp hands them out: rows from the top, interleaved RGB. */
export interface RawPicture {
  readonly data: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * The mean colour of each cell of a square grid over a picture, whatever its shape. A pixel on a border counts for
 * both cells by its shares, so that the same picture in another size has the same means. In plain JavaScript: a round
 * through sharp's threads takes longer.
 * @returns `edge`² cells row by row, three values from 0 to 255 each
 */
export function downscale(picture: RawPicture, edge: number): Float64Array {
  const { heightPx } = picture;
  const rowLength = edge * 3;
  const narrow = downscaledRows(picture, edge);
  const means = new Float64Array(edge * rowLength);
  for (let row = 0; row < edge; row += 1) {
    const [start, end] = [(row * heightPx) / edge, ((row + 1) * heightPx) / edge];
    for (let y = Math.floor(start); y < end; y += 1) {
      const weight = (Math.min(y + 1, end) - Math.max(y, start)) / (end - start);
      for (let at = 0; at < rowLength; at += 1)
        means[row * rowLength + at] =
          (means[row * rowLength + at] as number) + weight * (narrow[y * rowLength + at] as number);
    }
  }
  return means;
}

/** Each row of pixels as `edge` cells. */
function downscaledRows({ data, widthPx, heightPx }: RawPicture, edge: number): Float64Array {
  const cells = new Float64Array(heightPx * edge * 3);
  for (let column = 0; column < edge; column += 1) {
    const [start, end] = [(column * widthPx) / edge, ((column + 1) * widthPx) / edge];
    const weights: number[] = [];
    for (let x = Math.floor(start); x < end; x += 1)
      weights.push((Math.min(x + 1, end) - Math.max(x, start)) / (end - start));
    for (let y = 0; y < heightPx; y += 1) {
      let from = (y * widthPx + Math.floor(start)) * 3;
      let [red, green, blue] = [0, 0, 0];
      for (let index = 0; index < weights.length; index += 1, from += 3) {
        const weight = weights[index] as number;
        red += weight * (data[from] as number);
        green += weight * (data[from + 1] as number);
        blue += weight * (data[from + 2] as number);
      }
      const to = (y * edge + column) * 3;
      cells[to] = red;
      cells[to + 1] = green;
      cells[to + 2] = blue;
    }
  }
  return cells;
}
