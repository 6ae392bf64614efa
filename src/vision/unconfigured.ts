import type { Classifier } from '../classify/classifier.ts';
import { VisionError } from '../errors.ts';

/** Stands where no model is configured. */
export const unconfigured: Classifier = {
  async classify() {
    throw new VisionError('not_configured');
  },
};
