import { expect, test } from 'vitest';
import { withSureFirst } from '../../src/classify/cascade.ts';
import { type Classification, type Classifier, fresh } from '../../src/classify/classifier.ts';
import { type NeverSendOptions, suspectedBy, withNeverSend } from '../../src/classify/never-send.ts';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { UnavailableError, UndecodableError } from '../../src/errors.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { fakePhoto } from '../support/fake-photo.ts';

const taxonomy = readTaxonomy();
const photo = fakePhoto(Buffer.from('photo'));
const context = {
  deadline: deadlineIn(10_000),
  signal: new AbortController().signal,
  lane: 'single' as const,
};

function local(scores: Record<string, number> | undefined): Classification {
  return { category: 'foods', confidence: 0.9, method: 'local', model: 'm', ...(scores && { scores }) };
}

function answering(classification: Classification): Classifier & { asked: number } {
  return {
    asked: 0,
    async classify() {
      this.asked++;
      return fresh(classification);
    },
  };
}

const failing = (error: Error): Classifier => ({ classify: () => Promise.reject(error) });
const llm = (): Classifier & { asked: number } =>
  answering({ category: 'idcard', confidence: 0.9, method: 'llm', model: 'llm' });
const suspect = { idcard: 0.02 };

function ruleOf(options: NeverSendOptions) {
  const rule = suspectedBy(options);
  if (!rule) throw new Error('no category is kept');
  return rule;
}

test('a photo that may be an ID card is not sent, whatever else it may be', async () => {
  const preferred = llm();
  const isSuspect = ruleOf({ neverSend: { idcard: undefined }, suspect, taxonomy });
  const first = withNeverSend(answering(local({ foods: 0.9, idcard: 0.03 })), preferred, isSuspect);
  expect((await first.classify(photo, context)).classification.method).toBe('local');
  expect(preferred.asked).toBe(0);
});

test('one that is none is sent', async () => {
  const preferred = llm();
  const isSuspect = ruleOf({ neverSend: { idcard: undefined }, suspect, taxonomy });
  const first = withNeverSend(answering(local({ foods: 0.9, idcard: 0.01 })), preferred, isSuspect);
  expect((await first.classify(photo, context)).classification.method).toBe('llm');
});

test('a photo that the local model could not look at is not sent', async () => {
  const preferred = llm();
  const isSuspect = ruleOf({ neverSend: { idcard: undefined }, suspect, taxonomy });
  const down = failing(
    new UnavailableError('no_classifier', 'The local model is not available; try again later.'),
  );
  await expect(withNeverSend(down, preferred, isSuspect).classify(photo, context)).rejects.toMatchObject({
    code: 'no_classifier',
  });
  expect(preferred.asked).toBe(0);
});

test('an answer that does not say how likely the others were counts as suspect', () => {
  const isSuspect = ruleOf({ neverSend: { idcard: 0.5 }, suspect, taxonomy });
  expect(isSuspect(local(undefined))).toBe(true);
});

test('an own threshold wins over the one of the model', () => {
  const isSuspect = ruleOf({ neverSend: { idcard: 0.5 }, suspect, taxonomy });
  expect(isSuspect(local({ idcard: 0.4 }))).toBe(false);
  expect(isSuspect(local({ idcard: 0.5 }))).toBe(true);
});

test('without a category there is no rule', () => {
  expect(suspectedBy({ neverSend: {}, suspect, taxonomy })).toBeUndefined();
});

test('a category that does not exist, or without a threshold, is refused', () => {
  expect(() => suspectedBy({ neverSend: { passports: undefined }, suspect, taxonomy })).toThrow(/passports/);
  expect(() => suspectedBy({ neverSend: { pets: undefined }, suspect, taxonomy })).toThrow(/pets:0.05/);
});

test('local first asks the LLM when the local model can not answer', async () => {
  const preferred = llm();
  const down = failing(
    new UnavailableError('no_classifier', 'The local model is not available; try again later.'),
  );
  await withSureFirst(down, preferred, () => true).classify(photo, context);
  expect(preferred.asked).toBe(1);
});

test('local-first asks no model about a faulty photo', async () => {
  const preferred = llm();
  const broken = failing(
    new UndecodableError('undecodable_image', 'The photo is damaged and cannot be decoded.'),
  );
  await expect(withSureFirst(broken, preferred, () => true).classify(photo, context)).rejects.toThrow(
    UndecodableError,
  );
  expect(preferred.asked).toBe(0);
});

test('a sure local answer costs no call', async () => {
  const preferred = llm();
  await withSureFirst(answering(local({})), preferred, ({ confidence }) => confidence > 0.8).classify(
    photo,
    context,
  );
  expect(preferred.asked).toBe(0);
});
