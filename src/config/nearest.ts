/** The most similar word; undefined if none is similar enough. Ignores case and punctuation. */
export function nearestOf(written: string, words: readonly string[]): string | undefined {
  const plain = bare(written);
  // A short word resembles many others.
  const within = plain.length < 4 ? 0 : plain.length < 10 ? 1 : 2;
  const near = words
    .map((word) => ({ word, bareWord: bare(word) }))
    // Most words differ too much in length alone; the distance is expensive, and every variable is compared.
    .filter(({ bareWord }) => Math.abs(bareWord.length - plain.length) <= within)
    .map(({ word, bareWord }) => ({ word, distance: distanceOf(plain, bareWord) }))
    .filter(({ distance }) => distance <= within)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.word;
}

const bare = (word: string) => word.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Edit distance with swaps of neighbours (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let older: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      next[column] = Math.min(
        at(last, column) + 1,
        at(next, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwapped ? at(older, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    older = last;
    last = next;
  }
  return at(last, b.length);
}

const at = (row: readonly number[], column: number) => row[column] ?? Number.POSITIVE_INFINITY;
