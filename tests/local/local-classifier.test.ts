import { describe, expect, it } from 'vitest';
import type { ClassifyContext } from '../../src/classify/classifier.ts';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import type { Photo } from '../../src/image/photo.ts';
import { localClassifier } from '../../src/local/local-classifier.ts';
import { longContext } from '../support/pools.ts';

const context: ClassifyContext = { ...longContext(), lane: 'single' };

function photoWith(probabilities?: number[]): Photo {
  const analysis = {
    rendition: Buffer.alloc(0),
    widthPx: 1,
    heightPx: 1,
    ...(probabilities && { probabilities }),
  };
  return {
    sha256: 'a'.repeat(64),
    sizeBytes: 1,
    format: 'jpeg',
    analyse: async () => analysis,
    probabilities: async () => probabilities,
  };
}

describe('the local classifier', () => {
  const classify = async (labels: string[], probabilities?: number[]) => {
    const classifier = localClassifier({ manifest: { model: 'tiny@1', labels }, taxonomy: readTaxonomy() });
    return (await classifier.classify(photoWith(probabilities), context)).classification;
  };

  it('answers with the most probable category and every label’s probability', async () => {
    expect(await classify(['pets', 'foods', 'other'], [0.2, 0.7, 0.1])).toEqual({
      category: 'foods',
      confidence: 0.7,
      method: 'local',
      model: 'tiny@1',
      scores: { pets: 0.2, foods: 0.7, other: 0.1 },
    });
  });

  it('adds up the labels of one category', async () => {
    const said = await classify(['unheard-of', 'pets', 'strange'], [0.3, 0.4, 0.3]);
    expect(said).toMatchObject({ category: 'other', confidence: 0.6 });
    expect(said.scores).toEqual({ 'unheard-of': 0.3, pets: 0.4, strange: 0.3 });
  });

  it('is never surer than sure', async () => {
    expect((await classify(['pets', 'foods'], [1.0000001, 0])).confidence).toBe(1);
  });

  it('fails where the decode brought no probabilities', async () => {
    await expect(classify(['pets'])).rejects.toMatchObject({ code: 'no_classifier', status: 503 });
  });
});
