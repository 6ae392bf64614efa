import type { Classification } from '../classify/classifier.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import { SetupError } from '../errors.ts';
import { text } from '../messages/text.ts';
import type { Manifest } from './manifest.ts';

/**
 * Whether a local answer needs no second opinion: its confidence reaches the manifest's `thresholds.sure` of the
 * category's label (the strictest, where a category has several; never, where the manifest says nothing).
 * @param own thresholds by category, which win
 * @throws SetupError a category of these that does not exist
 */
export function sureAbove(
  { thresholds }: Pick<Manifest, 'thresholds'>,
  taxonomy: Pick<Taxonomy, 'has' | 'categoryOfLabel'>,
  own: Readonly<Record<string, number | undefined>> = {},
): (classification: Classification) => boolean {
  const byCategory = new Map<string, number>();
  for (const [label, threshold] of Object.entries(thresholds.sure)) {
    const category = taxonomy.categoryOfLabel(label);
    byCategory.set(category, Math.max(threshold, byCategory.get(category) ?? 0));
  }
  for (const [category, threshold] of Object.entries(own)) {
    if (!taxonomy.has(category))
      throw new SetupError(
        text('{setting}: there is no category {category}', { setting: 'LOCAL_SURE', category }),
      );
    byCategory.set(category, threshold ?? 1);
  }
  return ({ category, confidence }) => confidence >= (byCategory.get(category) ?? Number.POSITIVE_INFINITY);
}
