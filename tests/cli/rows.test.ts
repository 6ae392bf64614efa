import { expect, test } from 'vitest';
import { openOutput, type Row } from '../../src/cli/album/rows.ts';
import { ClientError } from '../../src/client/client-error.ts';
import { columnsOf } from '../../src/messages/columns.ts';
import { sayIn } from '../../src/messages/text.ts';

const result = {
  category: 'pets',
  confidence: 0.9,
  inferenceMethod: 'llm',
  model: 'eyes',
  degraded: false,
} as const;

function tableIn(columns: number | undefined, ...rows: Row[]): string {
  let text = '';
  const output = openOutput('table', { write: (more) => (text += more), say: sayIn('en'), columns });
  for (const row of rows) output.add(row);
  output.end({});
  return text;
}

const tableOf = (...rows: Row[]) => tableIn(undefined, ...rows);

test('a table has a column for tags only where a photo has some', () => {
  const bare = { file: 'a.jpg', result };
  expect(tableOf(bare)).toBe('FILE   CATEGORY  CONFIDENCE  BY\na.jpg  pets      0.90        llm\n');
  const failed = { file: 'c.jpg', result: new ClientError('timeout', 'No answer came in time.') };
  expect(tableOf(bare, failed, { file: 'b.jpg', result: { ...result, tags: ['猫', 'so\u001bfa'] } })).toBe(
    'FILE   CATEGORY  CONFIDENCE  BY   TAGS\n' +
      'a.jpg  pets      0.90        llm\n' +
      'b.jpg  pets      0.90        llm  猫, so�fa\n' +
      'c.jpg  failed                No answer came in time.\n',
  );
});

test('a table fits a terminal: long names lose their middle, by the columns they take', () => {
  const long = `${'旅行/'.repeat(30)}cat.jpg`;
  const rows = [
    { file: long, result: { ...result, category: 'documents' } },
    { file: 'b.jpg', result: { ...result, inferenceMethod: 'local', degraded: true } as const },
    { file: 'c.jpg', result: new ClientError('timeout', 'No answer came in time, '.repeat(5)) },
  ];
  const [head, second, failed, first] = tableIn(80, ...rows).split('\n');
  expect([head, first, second].map((line = '') => columnsOf(line) <= 80)).toEqual([true, true, true]);
  expect(first).toMatch(/^旅行\/.*….*\/cat\.jpg +documents {2}0\.90 {8}llm$/);
  // Columns stay aligned, and no reason of a failure is cut.
  expect(columnsOf(first?.split('documents')[0] ?? '')).toBe(head?.indexOf('CATEGORY'));
  expect(failed).toContain('No answer came in time, No answer');
  expect(tableOf(...rows)).toContain(long);
});
