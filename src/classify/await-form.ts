import { throwIfOver, waitUntil } from '../resilience/wait-until.ts';
import type { Classifier } from './classifier.ts';

/**
 * Asks `inner` once the form that the photo came in is accepted, so that a form which is refused costs nothing. The
 * photo is decoded meanwhile.
 */
export function withAwaitedForm(inner: Classifier): Classifier {
  return {
    async classify(photo, context) {
      const { formAccepted } = context;
      if (formAccepted) {
        void photo.analyse(context).catch(() => undefined);
        throwIfOver(context);
        await waitUntil(formAccepted, context);
      }
      return inner.classify(photo, context);
    },
  };
}
