import { expect, test } from 'vitest';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { sureAbove } from '../../src/local/sure.ts';

const taxonomy = readTaxonomy();
/** As a manifest has them: by label; a model may tell more apart than the taxonomy does. */
const thresholds = { sure: { pets: 0.6, other: 0.95, qrcode: 0.7 }, suspect: {} };
const said = (category: string, confidence: number) => ({
  category,
  confidence,
  method: 'local' as const,
  model: 'network',
});

test('an answer is sure from the threshold of its category on', () => {
  const isSure = sureAbove({ thresholds }, taxonomy);
  expect([isSure(said('pets', 0.59)), isSure(said('pets', 0.6))]).toEqual([false, true]);
});

test('a category of several labels has the strictest threshold of theirs, one without a threshold is never sure', () => {
  const labels = { ...taxonomy, categoryOfLabel: (label: string) => (label === 'qrcode' ? 'other' : label) };
  const isSure = sureAbove({ thresholds }, labels);
  expect([isSure(said('other', 0.9)), isSure(said('other', 0.95))]).toEqual([false, true]);
  expect(isSure(said('foods', 1))).toBe(false);
});

test('an own threshold wins, up or down', () => {
  const isSure = sureAbove({ thresholds }, taxonomy, { pets: 0.9, foods: 0.3 });
  expect([isSure(said('pets', 0.8)), isSure(said('foods', 0.3))]).toEqual([false, true]);
});

test('one for a category that does not exist is refused', () => {
  expect(() => sureAbove({ thresholds }, taxonomy, { petz: 0.5 })).toThrow(
    'LOCAL_SURE: there is no category petz',
  );
});
