import { expect, test } from 'vitest';
import { openOutput, type Row } from '../../src/cli/album/rows.ts';
import { ClientError } from '../../src/client/client-error.ts';
import { sayIn } from '../../src/messages/text.ts';

const result = {
  category: 'pets',
  confidence: 0.9,
  inferenceMethod: 'llm',
  model: 'eyes',
  degraded: false,
} as const;

function tableOf(...rows: Row[]): string {
  let text = '';
  const output = openOutput('table', (more) => (text += more), sayIn('en'));
  for (const row of rows) output.add(row);
  output.end({});
  return text;
}

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
