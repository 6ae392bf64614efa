import { expect, test } from 'vitest';
import { DeadlineError } from '../../src/errors.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { shareCall } from '../../src/resilience/shared-call.ts';

const waiting = (ms: number, signal = new AbortController().signal) => ({ deadline: deadlineIn(ms), signal });

test('a call that all have left ends for the reason of the last who waited for it', async () => {
  const reasons: unknown[] = [];
  const gone = new AbortController();
  const lasting = waiting(60_000, gone.signal);
  const call = shareCall(
    lasting,
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
      }),
  );
  const late = call.join(lasting);
  const short = call.join(waiting(20));
  await expect(short).rejects.toThrow(DeadlineError);
  expect(reasons).toEqual([]);
  const reason = new DeadlineError();
  gone.abort(reason);
  await expect(late).rejects.toBe(reason);
  expect(reasons).toEqual([reason]);
});

test('a call has the latest deadline of those who wait for it', () => {
  let leftMs = () => 0;
  const first = waiting(1_000);
  const call = shareCall(first, ({ deadline }) => {
    leftMs = deadline.leftMs;
    return new Promise(() => {});
  });
  expect(leftMs()).toBeLessThanOrEqual(1_000);
  const controller = new AbortController();
  call.join(waiting(60_000, controller.signal)).catch(() => {});
  expect(leftMs()).toBeGreaterThan(50_000);
  controller.abort();
  expect(leftMs()).toBeLessThanOrEqual(1_000);
});

test('a call may let all go who wait for it, and goes on', async () => {
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  let letGo: ((error: Error) => void) | undefined;
  const call = shareCall(waiting(60_000), ({ release, signal }) => {
    letGo = release;
    return ended.then((answer) => (signal.aborted ? 'aborted' : answer));
  });
  const early = call.join(waiting(60_000));
  letGo?.(new Error('not soon'));
  await expect(early).rejects.toThrow('not soon');
  await expect(call.join(waiting(60_000))).rejects.toThrow('not soon');
  end('the answer');
  expect(await call.outcome).toBe('the answer');
});
