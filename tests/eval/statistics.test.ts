import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { casesNeeded, chanceOf, meanOf, percentile } from '../../src/eval/intervals.ts';
import { localFirst, settingsFor } from '../../src/eval/local-first.ts';
import { measure } from '../../src/eval/measure.ts';
import { answerIn, type EvaluatedModel, type LabelledPhoto, type Outcome } from '../../src/eval/outcome.ts';
import { proportion } from '../../src/proportion.ts';
import { propertyRuns } from '../support/property-runs.ts';

/** mulberry32: the same numbers from the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const photosOf = (count: number): LabelledPhoto[] =>
  Array.from({ length: count }, (_, index) => ({ sha256: `p${index}`, file: `${index}.jpg`, category: 'a' }));

function modelOf(kind: EvaluatedModel['kind'], outcomes: readonly Outcome[]): EvaluatedModel {
  return { name: kind, kind, outcomes: new Map(outcomes.map((one, index) => [`p${index}`, one])) };
}

const answer = (category: string, confidence: number, costMicro?: number): Outcome => ({
  ...{ category, confidence, durationMs: 1 },
  ...(costMicro !== undefined && { costMicro }),
});

describe('intervals', () => {
  test('of proportions are those of Wilson', () => {
    // The values that R gives: binom::binom.confint(…, methods = "wilson").
    expect(proportion(81, 263)).toMatchObject({
      low: expect.closeTo(0.2553, 4),
      high: expect.closeTo(0.3662, 4),
    });
    expect(proportion(0, 10)).toMatchObject({ low: expect.closeTo(0, 9), high: expect.closeTo(0.2775, 4) });
    expect(proportion(10, 10)).toMatchObject({ low: expect.closeTo(0.7225, 4), high: 1 });
    expect(proportion(0, 0)).toMatchObject({ value: undefined, low: 0, high: 1 });
  });

  test('of macro recall hold their value, and do not vanish where every recall is 1', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 1 }), (pairs) => {
        const { value, low, high } = meanOf(pairs.map(([right, wrong]) => proportion(right, right + wrong)));
        if (value === undefined) return low === 0 && high === 1;
        return low <= value && value <= high && high - low > 0.001;
      }),
      propertyRuns(200),
    );
  });

  test('of macro recall cover the truth in about 95 of 100 samples', () => {
    const random = randomFrom(7);
    const truths = [0.99, 0.95, 0.9, 0.85, 0.97];
    const truth = truths.reduce((sum, one) => sum + one, 0) / truths.length;
    const draw = (share: number, of: number) => {
      let count = 0;
      for (let index = 0; index < of; index += 1) if (random() < share) count += 1;
      return proportion(count, of);
    };
    let covered = 0;
    for (let sample = 0; sample < 1_000; sample += 1) {
      const { low, high } = meanOf(truths.map((share) => draw(share, 40)));
      if (low <= truth && truth <= high) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(935);
    expect(covered).toBeLessThanOrEqual(985);
  });

  test('the number of photos that a claim needs is the smallest one', () => {
    const needed = casesNeeded(0.99, 0.975) ?? 0;
    expect(proportion(0.99 * needed, needed).low).toBeGreaterThanOrEqual(0.975);
    expect(proportion(0.99 * (needed - 1), needed - 1).low).toBeLessThan(0.975);
    expect(casesNeeded(0.97, 0.975)).toBeUndefined();
  });

  test('chance is that of the exact test of McNemar', () => {
    // 2 × (1 + 10 + 45) / 1024
    expect(chanceOf(2, 8)).toBeCloseTo(0.109375, 9);
    expect([chanceOf(0, 0), chanceOf(5, 5)]).toEqual([1, 1]);
    expect(chanceOf(0, 2_000)).toBeCloseTo(0, 9);
    expect(chanceOf(990, 1_010)).toBeGreaterThan(0.6);
  });

  test('a percentile needs enough numbers to show it', () => {
    const numbers = Array.from({ length: 20 }, (_, index) => 20 - index);
    expect([percentile(numbers, 50), percentile(numbers, 95)]).toEqual([10, 19]);
    expect(percentile(numbers.slice(1), 95)).toBeUndefined();
  });
});

describe('a measurement', () => {
  test('counts failed calls into the cost, and photos without an answer into no accuracy', () => {
    const model = modelOf('llm', [
      answer('a', 0.95, 2_000),
      answer('b', 0.95, 2_000),
      { failure: 'refused', costMicro: 2_000 },
      { failure: 'network' },
    ]);
    expect(measure(model, photosOf(5), ['a', 'b'])).toMatchObject({
      ...{ answered: 2, notAsked: 1, failures: { refused: 1, network: 1 } },
      accuracy: { count: 1, of: 2, value: 0.5 },
      macroRecall: { value: 0.5 },
      confusion: [
        { actual: 'a', answered: 'a', photos: 1 },
        { actual: 'a', answered: 'b', photos: 1 },
      ],
      calibration: { expectedError: expect.closeTo(0.45, 9), bins: [{ from: 0.9, to: 1 }] },
      costOf1000: 3,
    });
  });

  test('claims no cost where the price of an answer is unknown', () => {
    const model = modelOf('llm', [answer('a', 1, 2_000), answer('a', 1)]);
    expect(measure(model, photosOf(2), ['a']).costOf1000).toBeUndefined();
  });
});

describe('local-first', () => {
  test('its curve begins with the local model alone and ends with the LLM alone', () => {
    const local = modelOf('local', [answer('a', 0.9), answer('b', 0.6), answer('b', 0.4), answer('a', 0.4)]);
    const llm = modelOf(
      'llm',
      ['a', 'a', 'a', 'b'].map((key) => answer(key, 1, 4_000)),
    );
    const { curve } = localFirst(local, llm, photosOf(4), undefined);
    expect(
      curve.map(({ threshold, accuracy, sentShare, costOf1000 }) => [
        threshold,
        accuracy.count,
        sentShare,
        costOf1000,
      ]),
    ).toEqual([
      [0.4, 2, 0, 0],
      [0.6, 2, 0.5, 2],
      [0.9, 3, 0.75, 3],
      [undefined, 3, 1, 4],
    ]);
  });

  test('the local answer stands for a photo that is refused or never sent, and a network failure says nothing', () => {
    const local = modelOf('local', [answer('a', 0.5), answer('a', 0.5), answer('a', 0.5)]);
    const llm = modelOf('llm', [{ failure: 'refused' }, { failure: 'never_sent' }, { failure: 'network' }]);
    const { photos, curve } = localFirst(local, llm, photosOf(3), undefined);
    expect(photos).toBe(2);
    expect(curve.at(-1)).toMatchObject({ sentShare: 0.5, accuracy: { count: 2, of: 2 }, costOf1000: 0 });
  });

  test('settings name every category, and the strategy without a threshold', () => {
    const point = { sentShare: 0, accuracy: proportion(1, 1), costOf1000: 0 };
    expect(settingsFor({ ...point, threshold: 0.87 }, ['a', 'b'])).toBe(
      'STRATEGY=local-first\nLOCAL_SURE=a:0.87,b:0.87',
    );
    expect(settingsFor({ ...point, threshold: undefined }, ['a'])).toBe('STRATEGY=llm-first');
  });

  /** A calibrated local model, and an LLM that is right in 99 of 100 cases. */
  function simulated(count: number, random: () => number) {
    const local = Array.from({ length: count }, () => {
      const confidence = 1 - 0.7 * random() ** 3;
      return answer(random() < confidence ? 'a' : 'b', confidence);
    });
    const llm = local.map(() => answer(random() < 0.99 ? 'a' : 'b', 0.9, 1_000));
    return { local: modelOf('local', local), llm: modelOf('llm', llm), photos: photosOf(count) };
  }

  test('a supported proposal reaches its target on photos that it was not made from', () => {
    const target = 0.95;
    const random = randomFrom(11);
    const truth = simulated(20_000, random);
    const accuracyAt = (threshold = 2) => {
      const right = truth.photos.filter(({ sha256, category }) => {
        const [own, other] = [truth.local, truth.llm].map(({ outcomes }) => answerIn(outcomes.get(sha256)));
        return ((own?.confidence ?? 0) >= threshold ? own : other)?.category === category;
      });
      return right.length / truth.photos.length;
    };
    const proposals = Array.from({ length: 40 }, () => {
      const half = simulated(600, random);
      return localFirst(half.local, half.llm, half.photos, target).proposal;
    });
    const supported = proposals.filter((one) => one?.verdict === 'supported');
    const truths = supported.map((one) => accuracyAt(one?.point.threshold));
    const reached = truths.filter((value) => value >= target);
    const covered = truths.filter((value, index) => {
      const { low = 1, high = 0 } = supported[index]?.point.accuracy ?? {};
      return low <= value && value <= high;
    });
    expect(supported.length).toBeGreaterThan(37);
    expect(reached.length / supported.length).toBeGreaterThan(0.95);
    expect(covered.length / supported.length).toBeGreaterThan(0.9);
  });

  test('a small sample supports no claim, and the proposal says how many photos would', () => {
    const { local, llm, photos } = simulated(60, randomFrom(3));
    const { proposal } = localFirst(local, llm, photos, 0.975);
    expect(proposal).toMatchObject({ verdict: 'unsupported', photosNeeded: expect.any(Number) });
    expect(proposal?.photosNeeded).toBeGreaterThan(60);
  });

  test('a target beyond both models is not reached', () => {
    const bad = photosOf(50).map(() => answer('b', 0.9, 1));
    const { proposal } = localFirst(modelOf('local', bad), modelOf('llm', bad), photosOf(50), 0.9);
    expect(proposal).toMatchObject({ verdict: 'unreached', photosNeeded: undefined });
  });
});
