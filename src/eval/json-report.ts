import { sayIn } from '../messages/text.ts';
import type { Evaluation } from './evaluation.ts';
import { settingsFor } from './local-first.ts';
import { cautionText } from './words.ts';

/** All figures under keys in snake case, for scripts; its sentences are in English. */
export function jsonReport(evaluation: Evaluation, more: object): string {
  const localFirst = evaluation.localFirst.map((one) => ({
    ...one,
    ...(one.proposal && { settings: settingsFor(one.proposal.point, evaluation.categories) }),
  }));
  const cautions = evaluation.cautions.map((one) => sayIn('en')(cautionText(one)));
  return `${JSON.stringify(inSnakeCase({ ...evaluation, cautions, localFirst, ...more }), null, 2)}\n`;
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
