import type { Classification } from './classifier.ts';

export type Strategy = 'llm-first' | 'local-first' | 'local-only' | 'llm-only';

/** Which answers, however old, only stand in for a better one under this strategy. */
export function provisionalUnder(
  strategy: Strategy,
  isSure: (classification: Classification) => boolean,
): (classification: Classification) => boolean {
  if (strategy === 'local-only') return () => false;
  if (strategy === 'local-first') return (one) => one.method === 'local' && !isSure(one);
  return ({ method }) => method === 'local';
}
