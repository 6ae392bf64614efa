import type { Evaluation } from './evaluation.ts';
import { settingsFor } from './local-first.ts';

/** All figures under keys in snake case, for scripts. */
export function jsonReport(evaluation: Evaluation, more: object): string {
  const localFirst = evaluation.localFirst.map((one) => ({
    ...one,
    ...(one.proposal && { settings: settingsFor(one.proposal.point, evaluation.categories) }),
  }));
  return `${JSON.stringify(inSnakeCase({ ...evaluation, localFirst, ...more }), null, 2)}\n`;
}

function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => inSnakeCase(one) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      inSnakeCase(one),
    ]),
  );
}
