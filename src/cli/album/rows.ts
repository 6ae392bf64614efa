import type { PhotoAnswer } from '../../client/answer.ts';
import { ClientError } from '../../client/client-error.ts';
import type { Say } from '../../messages/text.ts';
import { errorText } from './error-text.ts';

/** How one file ended. */
export interface Row {
  readonly file: string;
  readonly hash?: string;
  readonly result: PhotoAnswer | ClientError;
}

export type OutputForm = 'table' | 'json' | 'ndjson' | 'csv';

/** Writes results: some forms row by row, others when all are there. */
export interface Output {
  add(row: Row): void;
  /** @param summary written in the forms that have a place for it */
  end(summary: object): void;
}

export function openOutput(form: OutputForm, write: (text: string) => void, say: Say): Output {
  const rows: Row[] = [];
  const shownIn = (row: Row) => shown(row, say);
  const inOrder = () => rows.toSorted((one, other) => (one.file < other.file ? -1 : 1));
  switch (form) {
    case 'ndjson':
      return {
        add: (row) => write(`${JSON.stringify(shownIn(row))}\n`),
        end: (summary) => write(`${JSON.stringify({ summary })}\n`),
      };
    case 'csv':
      write(csvLine(csvColumns));
      return {
        add: (row) => {
          const cells: Record<string, unknown> = { ...shownIn(row), tags: tagsText(row) };
          write(csvLine(csvColumns.map((column) => cells[column])));
        },
        end: () => {},
      };
    case 'json':
      return {
        add: (row) => rows.push(row),
        end: (summary) => write(`${JSON.stringify({ photos: inOrder().map(shownIn), summary }, null, 2)}\n`),
      };
    case 'table':
      return { add: (row) => rows.push(row), end: () => write(tableOf(inOrder(), say)) };
    default:
      return form satisfies never;
  }
}

function shown({ file, hash, result }: Row, say: Say) {
  const base = { file, ...(hash !== undefined && { hash }) };
  if (result instanceof ClientError)
    return { ...base, error: errorText(result, say), error_code: result.code };
  const { inferenceMethod, backgroundColor, betterAnswer, ...answer } = result;
  return {
    ...base,
    ...answer,
    ...(backgroundColor !== undefined && { background_color: backgroundColor }),
    inference_method: inferenceMethod,
    ...(betterAnswer !== undefined && { better_answer: betterAnswer }),
  };
}

const csvColumns = [
  'file',
  'category',
  'confidence',
  'description',
  'background_color',
  'inference_method',
  'model',
  'degraded',
  'hash',
  'error_code',
  'error',
  'tags',
];

/** A spreadsheet would run such a cell as a formula. */
const formula = /^[=+\-@\t\r]/;

/** RFC 4180. A quotation mark before a formula makes it text. */
function csvLine(cells: readonly unknown[]): string {
  const quoted = cells.map((cell) => {
    const plain = cell === undefined ? '' : String(cell);
    const text = typeof cell === 'string' && formula.test(plain) ? `'${plain}` : plain;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${quoted.join(',')}\r\n`;
}

function tagsText({ result }: Row): string | undefined {
  return result instanceof ClientError ? undefined : result.tags?.map(printable).join(', ');
}

function tableOf(rows: readonly Row[], say: Say): string {
  const hasTags = rows.some((row) => tagsText(row) !== undefined);
  const cells = rows.map((row) => {
    const { file, result } = row;
    return result instanceof ClientError
      ? [printable(file), say('failed'), '', errorText(result, say)]
      : [
          printable(file),
          result.category,
          result.confidence.toFixed(2),
          result.degraded
            ? say('{method} (degraded)', { method: result.inferenceMethod })
            : result.inferenceMethod,
          ...(hasTags ? [tagsText(row) ?? ''] : []),
        ];
  });
  const table = [
    [say('FILE'), say('CATEGORY'), say('CONFIDENCE'), say('BY'), ...(hasTags ? [say('TAGS')] : [])],
    ...cells,
  ];
  // The last cell of a row, such as the reason of a failure, may be of any width.
  const widths = [0, 1, 2, 3].map((column) =>
    table.reduce(
      (most, row) => Math.max(most, column < row.length - 1 ? columnsOf(row[column] ?? '') : 0),
      0,
    ),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => padded(cell, widths[column] ?? 0)).join('  ');
  return table.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** A file's name may hold whatever a terminal obeys. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '�');
}

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
