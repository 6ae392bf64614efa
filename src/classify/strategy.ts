import { withAwaitedForm } from './await-form.ts';
import { withSureFirst } from './cascade.ts';
import type { Classification, Classifier } from './classifier.ts';
import { type FallbackOptions, withFallback } from './fallback.ts';

export type Strategy = 'llm-first' | 'local-first' | 'local-only' | 'llm-only';

export interface StrategyParts {
  readonly local: Classifier;
  /** Throws where no LLM is configured; only `local-only` never asks it. */
  readonly vision: Classifier;
  /** Makes concurrent calls for one photo one, and remembers what it answers. */
  readonly shared: (inner: Classifier) => Classifier;
  /** Makes calls for one photo one among all processes, where they cost money. */
  readonly paid: (inner: Classifier) => Classifier;
  /** Whether a local answer needs no second opinion. */
  readonly isSure: (classification: Classification) => boolean;
  readonly onFallback: NonNullable<FallbackOptions['onFallback']>;
}

/** Who is asked, in which order. */
export function classifierFor(strategy: Strategy, parts: StrategyParts): Classifier {
  const { local, shared, isSure, onFallback } = parts;
  const vision = parts.paid(parts.vision);
  const mayPay = (inner: Classifier) => withAwaitedForm(shared(inner));
  switch (strategy) {
    case 'llm-first':
      return withFallback(mayPay(vision), shared(local), { onFallback });
    case 'local-first':
      return withFallback(mayPay(withSureFirst(local, vision, isSure)), shared(local), { onFallback });
    case 'local-only':
      return shared(local);
    case 'llm-only':
      return mayPay(vision);
    default:
      return strategy satisfies never;
  }
}

/** Which answers, however old, only stand in for a better one under this strategy. */
export function provisionalUnder(
  strategy: Strategy,
  isSure: (classification: Classification) => boolean,
): (classification: Classification) => boolean {
  if (strategy === 'local-only') return () => false;
  if (strategy === 'local-first') return (one) => one.method === 'local' && !isSure(one);
  return ({ method }) => method === 'local';
}
