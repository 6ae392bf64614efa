import { readTaxonomy } from '../../classify/taxonomy.ts';
import { configured } from '../../compose/configured.ts';
import type { Config } from '../../config.ts';
import type { Say } from '../../messages/text.ts';
import type { Feedback } from '../../store/entities.ts';
import { UsageError } from '../usage-error.ts';
import { withStore } from '../with-store.ts';

/** More corrections than people read; the newest count. */
const most = 100_000;

/** What users corrected, by model. */
interface Corrected {
  readonly model: string;
  readonly corrections: number;
  /** The answer was right after all. */
  readonly confirmed: number;
  readonly mistakes: readonly {
    readonly actual: string;
    readonly answered: string;
    readonly photos: number;
  }[];
}

/**
 * Stored answers against the corrections of users. No photo is kept, so no model is asked. Users correct what is wrong:
 * this shows what models mistake, not how often.
 * @returns exit code 0
 * @throws UsageError, ConfigError
 */
export async function evaluateFeedback(
  more: readonly string[],
  load: () => Config,
  { isJson, out, say }: { readonly isJson: boolean; readonly out: (text: string) => void; readonly say: Say },
): Promise<number> {
  if (more.length > 0) throw new UsageError('eval --feedback takes no folder: it asks about no photo');
  const config = load();
  const { categories } = configured(() => readTaxonomy(config.taxonomyFile));
  const order = categories.map(({ key }) => key);
  const feedback = await withStore(config, (store) => store.newestFeedback(most));
  const models = correctedByModel(feedback, order);
  out(
    isJson ? `${JSON.stringify({ corrections: feedback.length, models }, null, 2)}\n` : textOf(models, say),
  );
  return 0;
}

export function correctedByModel(feedback: readonly Feedback[], categories: readonly string[]): Corrected[] {
  const groups = Map.groupBy(feedback, ({ model }) => model ?? 'unknown model');
  return [...groups]
    .map(([model, own]) => {
      const pairs = Map.groupBy(own, ({ category, answered = 'unknown' }) => `${category} ${answered}`);
      const mistakes = [...pairs]
        .map(([pair, { length: photos }]) => {
          const [actual = '', answered = ''] = pair.split(' ');
          return { actual, answered, photos };
        })
        .filter(({ actual, answered }) => actual !== answered)
        .toSorted(
          (one, other) =>
            other.photos - one.photos || categories.indexOf(one.actual) - categories.indexOf(other.actual),
        );
      const wrong = mistakes.reduce((sum, { photos }) => sum + photos, 0);
      return { model, corrections: own.length, confirmed: own.length - wrong, mistakes };
    })
    .toSorted((one, other) => other.corrections - one.corrections);
}

function textOf(models: readonly Corrected[], say: Say): string {
  if (models.length === 0) return `${say('There are no corrections.')}\n`;
  const lines = models.flatMap(({ model, corrections, confirmed, mistakes }) => [
    say(
      '{model}: {count} {count|correction|corrections}, of which {confirmed} {confirmed|confirms|confirm} the answer',
      {
        ...{ model, count: corrections, confirmed },
      },
    ),
    ...mistakes.map(
      ({ actual, answered, photos: count }) =>
        `  ${say('{actual} as {answered} {count}×', { actual, answered, count })}`,
    ),
  ]);
  const caution = say('Users correct what is wrong. This shows what models mistake, not how often.');
  return `${lines.join('\n')}\n\n${caution}\n`;
}
