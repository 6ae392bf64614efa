import type { Answer, Classifier, ClassifyContext } from '../classify/classifier.ts';
import type { Look, Photo } from '../image/photo.ts';
import type { Remembered, ResultCache } from './result-cache.ts';
import { answerFrom } from './with-cache.ts';

export interface WithTwinsOptions {
  /** `shadow` only counts what would have been answered, and whether it would have been right. */
  readonly mode: 'off' | 'shadow' | 'on';
  readonly cache: Pick<ResultCache, 'findTwin' | 'countHit'>;
  /** `right` and `wrong` say, in shadow mode, whether the twin shows what the photo was then found to show. */
  readonly onTwin?: (outcome: 'answered' | 'right' | 'wrong' | 'none') => void;
}

/**
 * Answers a photo with what was said of the same picture in another encoding. Such an answer is not remembered as
 * the photo's own: a twin's twin would otherwise drift ever further from what a model has seen.
 */
export function withTwins(inner: Classifier, { mode, cache, onTwin }: WithTwinsOptions): Classifier {
  async function twinOf(photo: Photo, look: Look | undefined): Promise<Remembered | undefined> {
    if (!look) return undefined;
    return cache.findTwin(photo.sha256, look).catch(() => undefined);
  }

  async function shadowed(photo: Photo, context: ClassifyContext): Promise<Answer> {
    const twin = photo.analyse(context).then(
      ({ look }) => twinOf(photo, look),
      () => undefined,
    );
    const answer = await inner.classify(photo, context);
    void twin.then((found) => onTwin?.(found ? verdictOn(found, answer) : 'none'));
    return answer;
  }

  async function answered(photo: Photo, context: ClassifyContext): Promise<Answer> {
    const { look } = await photo.analyse(context);
    const twin = await twinOf(photo, look);
    onTwin?.(twin ? 'answered' : 'none');
    if (!twin) return inner.classify(photo, context);
    cache.countHit(twin);
    return {
      ...answerFrom(twin),
      isRemembered: true,
      saidOf: twin.result.sha256,
    };
  }

  return {
    async classify(photo, context) {
      if (mode === 'off' || context.isRecheck) return inner.classify(photo, context);
      return mode === 'on' ? answered(photo, context) : shadowed(photo, context);
    },
  };
}

function verdictOn({ result }: Remembered, { classification }: Answer): 'right' | 'wrong' {
  return result.category === classification.category ? 'right' : 'wrong';
}
