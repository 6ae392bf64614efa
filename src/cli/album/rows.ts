import type { PhotoAnswer } from '../../client/answer.ts';
import { ClientError } from '../../client/client-error.ts';
import { columnsOf, padded, shortened } from '../../messages/columns.ts';
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

export interface OutputOptions {
  readonly write: (text: string) => void;
  readonly say: Say;
  /** Of the terminal: a table shortens names of files to fit. Undefined elsewhere. */
  readonly columns?: number | undefined;
}

export function openOutput(form: OutputForm, { write, say, columns }: OutputOptions): Output {
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
      return { add: (row) => rows.push(row), end: () => write(tableOf(inOrder(), say, columns)) };
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

/** A name of a file keeps that many columns, however narrow the terminal. */
const leastFileColumns = 20;

function tableOf(rows: readonly Row[], say: Say, columns = Number.POSITIVE_INFINITY): string {
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
  const tail = ([, ...row]: readonly string[]) =>
    row.map((cell, column) => padded(cell, widths[column + 1] ?? 0)).join('  ');
  // The reason of a failure goes on in the next line.
  const tailColumns = table.reduce((most, row, position) => {
    const isFailed = rows[position - 1]?.result instanceof ClientError;
    return isFailed ? most : Math.max(most, columnsOf(tail(row).trimEnd()));
  }, 0);
  const room = Math.max(leastFileColumns, columns - 2 - tailColumns);
  const fileColumns = Math.min(widths[0] ?? 0, room);
  const line = (row: readonly string[]) =>
    `${padded(shortened(row[0] ?? '', fileColumns), fileColumns)}  ${tail(row)}`;
  return table.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** A file's name may hold whatever a terminal obeys. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '�');
}
