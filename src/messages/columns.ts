const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns of a terminal that a text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += wide.test(character) ? 2 : 1;
  return columns;
}

/** The text with spaces after it, up to that many columns. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** The text in at most that many columns, without its middle where it is longer. */
export function shortened(text: string, mostColumns: number): string {
  if (columnsOf(text) <= mostColumns) return text;
  const characters = [...text];
  const half = Math.floor((mostColumns - 1) / 2);
  const end = beginning(characters.toReversed(), half).toReversed();
  return `${beginning(characters, half).join('')}…${end.join('')}`;
}

function beginning(characters: readonly string[], mostColumns: number): readonly string[] {
  let columns = 0;
  const end = characters.findIndex((character) => {
    columns += columnsOf(character);
    return columns > mostColumns;
  });
  return characters.slice(0, end);
}
