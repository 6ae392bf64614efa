/** The rows of a CSV file (RFC 4180), or of one with tabs. Empty lines are left out. */
export function rowsOf(text: string): string[][] {
  const separator = /^[^\n]*\t/.test(text) ? '\t' : ',';
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.some((one) => one !== '')) rows.push(row);
    row = [];
    cell = '';
  };
  const characters = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at];
    if (isQuoted && character === '"' && characters[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (character === '"' && (isQuoted || cell === '')) isQuoted = !isQuoted;
    else if (!isQuoted && character === separator) {
      row.push(cell);
      cell = '';
    } else if (!isQuoted && character === '\n') endRow();
    else cell += character;
  }
  endRow();
  return rows;
}
