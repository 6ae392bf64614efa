import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withSingleFlight } from '../../src/cache/single-flight.ts';
import { type Answer, type Classifier, type ClassifyContext, fresh } from '../../src/classify/classifier.ts';
import { DeadlineError, VisionError } from '../../src/errors.ts';
import type { Photo } from '../../src/image/photo.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { fakePhoto } from '../support/fake-photo.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const cat = fakePhoto(Buffer.from('cat'));
const dog = fakePhoto(Buffer.from('dog'));
const pets = fresh({ category: 'pets', confidence: 0.9, method: 'llm', model: 'fake' });

interface SharedCall {
  readonly photo: Photo;
  readonly context: ClassifyContext;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** A classifier whose calls are answered by hand. */
function classifierByHand() {
  const calls: SharedCall[] = [];
  const classifier: Classifier = {
    classify(photo, context) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      calls.push({ photo, context, resolve, reject });
      return promise;
    },
  };
  const call = (index: number) => {
    const found = calls[index];
    if (found === undefined) throw new Error(`there is no call ${index}`);
    return found;
  };
  return { classifier, calls, call };
}

function caller(options: { deadlineMs?: number; lane?: ClassifyContext['lane'] } = {}) {
  const controller = new AbortController();
  const { deadlineMs = 25_000, lane = 'single' } = options;
  const context: ClassifyContext = { deadline: deadlineIn(deadlineMs), signal: controller.signal, lane };
  return { context, leave: () => controller.abort(new Error('gone')) };
}

test('callers of one photo share one call, and later ones join it in flight', async () => {
  const { classifier, calls, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  const answers = Array.from({ length: 100 }, () => shared.classify(cat, caller().context));
  expect(calls).toHaveLength(1);
  call(0).resolve(pets);
  const [leader, ...followers] = await Promise.all(answers);
  expect(leader).toBe(pets);
  for (const follower of followers) expect(follower).toEqual({ ...pets, from: 'flight' });
});

test('callers of different photos share nothing', () => {
  const { classifier, calls } = classifierByHand();
  const shared = withSingleFlight(classifier);
  void shared.classify(cat, caller().context);
  void shared.classify(dog, caller().context);
  expect(calls.map(({ photo }) => photo)).toEqual([cat, dog]);
});

test('a call that is over is not joined', async () => {
  const { classifier, calls, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  const first = shared.classify(cat, caller().context);
  call(0).resolve(pets);
  await first;
  void shared.classify(cat, caller().context);
  expect(calls).toHaveLength(2);
});

test('a failure reaches all callers, and is not remembered', async () => {
  const { classifier, calls, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  const answers = [shared.classify(cat, caller().context), shared.classify(cat, caller().context)];
  const failure = new VisionError('server_error');
  call(0).reject(failure);
  for (const answer of answers) await expect(answer).rejects.toBe(failure);
  void shared.classify(cat, caller().context);
  expect(calls).toHaveLength(2);
});

test('a classifier that throws instead of rejecting fails its callers only', async () => {
  const shared = withSingleFlight({
    classify() {
      throw new VisionError('internal');
    },
  });
  await expect(shared.classify(cat, caller().context)).rejects.toMatchObject({ reason: 'internal' });
  await expect(shared.classify(cat, caller().context)).rejects.toMatchObject({ reason: 'internal' });
});

test.each(['leader', 'follower'])('a %s that leaves takes only itself out', async (who) => {
  const { classifier, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  const callers = [caller(), caller()] as const;
  const answers = [
    shared.classify(cat, callers[0].context),
    shared.classify(cat, callers[1].context),
  ] as const;
  const [gone, stays] = who === 'leader' ? ([0, 1] as const) : ([1, 0] as const);
  callers[gone].leave();
  await expect(answers[gone]).rejects.toThrow('gone');
  expect(call(0).context.signal.aborted).toBe(false);
  call(0).resolve(pets);
  expect((await answers[stays]).classification.category).toBe('pets');
});

test('two calls with one context are two waiters', async () => {
  const { classifier, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  const { context } = caller();
  const answers = [shared.classify(cat, context), shared.classify(cat, context)];
  call(0).resolve(pets);
  expect((await Promise.all(answers)).map(({ from }) => from)).toEqual(['model', 'flight']);
});

test("a caller's deadline takes only that caller out", async () => {
  const { classifier, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  const hurried = shared.classify(cat, caller({ deadlineMs: 100 }).context);
  const patient = shared.classify(cat, caller({ deadlineMs: 10_000 }).context);
  const refusal = expect(hurried).rejects.toBeInstanceOf(DeadlineError);
  await vi.advanceTimersByTimeAsync(100);
  await refusal;
  expect(call(0).context.signal.aborted).toBe(false);
  call(0).resolve(pets);
  expect((await patient).from).toBe('flight');
});

test('the call has the latest deadline of its callers', async () => {
  const { classifier, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  void shared.classify(cat, caller({ deadlineMs: 1_000 }).context);
  const { deadline } = call(0).context;
  expect(deadline.leftMs()).toBe(1_000);
  const patient = caller({ deadlineMs: 9_000 });
  const answer = shared.classify(cat, patient.context);
  expect(deadline.leftMs()).toBe(9_000);
  patient.leave();
  await expect(answer).rejects.toThrow('gone');
  expect(deadline.leftMs()).toBe(1_000);
});

test('the call has the most urgent lane of its callers', async () => {
  const { classifier, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  void shared.classify(cat, caller({ lane: 'album' }).context);
  const { context } = call(0);
  expect(context.lane).toBe('album');
  void shared.classify(cat, caller({ lane: 'batch' }).context);
  expect(context.lane).toBe('batch');
  const urgent = caller({ lane: 'single' });
  const answer = shared.classify(cat, urgent.context);
  expect(context.lane).toBe('single');
  urgent.leave();
  await expect(answer).rejects.toThrow('gone');
  expect(context.lane).toBe('batch');
});

test('a caller that is gone or too late starts nothing', async () => {
  const { classifier, calls } = classifierByHand();
  const shared = withSingleFlight(classifier);
  const gone = caller();
  gone.leave();
  await expect(shared.classify(cat, gone.context)).rejects.toThrow('gone');
  await expect(shared.classify(cat, caller({ deadlineMs: 0 }).context)).rejects.toBeInstanceOf(DeadlineError);
  expect(calls).toHaveLength(0);
});

test('an answer leaves the signal of the call alone: what it writes may hang on it', async () => {
  const { classifier, call } = classifierByHand();
  const one = caller();
  const answer = withSingleFlight(classifier).classify(cat, one.context);
  call(0).resolve(pets);
  await answer;
  one.leave();
  expect(call(0).context.signal.aborted).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

test('a call can be joined after all have left it', async () => {
  const { classifier, calls, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  const first = caller();
  const left = shared.classify(cat, first.context);
  first.leave();
  await expect(left).rejects.toThrow('gone');
  expect(call(0).context.signal.aborted).toBe(true);
  const late = shared.classify(cat, caller().context);
  expect(calls).toHaveLength(1);
  call(0).resolve(pets);
  expect((await late).from).toBe('flight');
});

test('a call that fails because its callers left starts again for one that has joined since', async () => {
  const { classifier, calls, call } = classifierByHand();
  const shared = withSingleFlight(classifier);
  const first = caller();
  const left = shared.classify(cat, first.context);
  first.leave();
  await expect(left).rejects.toThrow('gone');
  const late = [shared.classify(cat, caller().context), shared.classify(cat, caller().context)];
  call(0).reject(new Error('gone'));
  await vi.advanceTimersByTimeAsync(0);
  expect(calls).toHaveLength(2);
  call(1).resolve(pets);
  expect((await Promise.all(late)).map(({ from }) => from)).toEqual(['model', 'flight']);
});
