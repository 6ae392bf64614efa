import { expect, test } from 'vitest';
import { DeadlineError } from '../../src/errors.ts';
import { sharedAnalysis } from '../../src/image/shared-analysis.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';

test('work that is given up ends for the reason of the last who waited for it', async () => {
  const reasons: unknown[] = [];
  const analysis = sharedAnalysis(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
      }),
    () => {},
  );
  const gone = new AbortController();
  const patient = analysis.join({ deadline: deadlineIn(60_000), signal: gone.signal });
  const hasty = analysis.join({ deadline: deadlineIn(20), signal: new AbortController().signal });
  await expect(hasty).rejects.toThrow(DeadlineError);
  expect(reasons).toEqual([]);
  const reason = new DeadlineError('the last one left');
  gone.abort(reason);
  await expect(patient).rejects.toBe(reason);
  expect(reasons).toEqual([reason]);
});
