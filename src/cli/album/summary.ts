import type { PhotoAnswer } from '../../client/answer.ts';
import type { AlbumSummary } from '../../client/tally.ts';
import { padded } from '../../messages/columns.ts';
import type { Say, Sentence } from '../../messages/text.ts';
import { type AccountState, moneyText } from '../account.ts';
import { errorText } from './error-text.ts';
import { type CountedFailure, failureLine } from './llm-failures.ts';
import { type LeftOut, leftOutKinds } from './photo-files.ts';
import { durationText } from './progress.ts';
import { printable } from './rows.ts';

export interface RunSummary extends AlbumSummary {
  /** Done in an earlier run; counted as succeeded and as from the cache. */
  readonly earlier: number;
  /** Absent where a server pays. */
  readonly money?: AccountState;
  /** Photos whose better answers are still to come. */
  readonly provisional: number;
  /** Photos of each category, the most frequent first. */
  readonly categories: Readonly<Record<string, number>>;
  /** Photos of each tag, the most frequent first. */
  readonly tags: Readonly<Record<string, number>>;
  readonly leftOut: LeftOut;
  /** Why an LLM did not answer. */
  readonly failures: readonly CountedFailure[];
}

const mostTags = 100;
const shownTags = 10;

/** Counts what photos show. */
export function openCounts() {
  const categories = new Map<string, number>();
  const tags = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  const frequent = (counts: Map<string, number>, most?: number) =>
    Object.fromEntries([...counts].sort(([, one], [, other]) => other - one).slice(0, most));
  return {
    add(answer: Pick<PhotoAnswer, 'category' | 'tags'>) {
      count(categories, answer.category);
      for (const tag of answer.tags ?? []) count(tags, tag);
    },
    counts: () => ({ categories: frequent(categories), tags: frequent(tags, mostTags) }),
  };
}

const hasAny = (counts: object) => Object.keys(counts).length > 0;

/** This run and what an earlier one had done already. */
export function merged(
  earlier: AlbumSummary,
  here: AlbumSummary,
): Omit<RunSummary, 'failures' | 'categories' | 'tags' | 'leftOut' | 'provisional'> {
  return {
    ...here,
    total: earlier.total,
    finished: earlier.finished + here.finished,
    succeeded: earlier.succeeded + here.succeeded,
    fromCache: earlier.fromCache + here.fromCache,
    degraded: earlier.degraded + here.degraded,
    earlier: earlier.succeeded,
  };
}

/** @param provisional answers that were replaced by an LLM's */
export function withBetterAnswers(
  summary: AlbumSummary,
  { provisional, durationMs }: { readonly provisional: readonly PhotoAnswer[]; readonly durationMs: number },
): AlbumSummary {
  const by = (method: string) =>
    provisional.filter(({ inferenceMethod }) => inferenceMethod === method).length;
  return {
    ...summary,
    byLlm: summary.byLlm + provisional.length,
    byLocal: summary.byLocal - by('local'),
    fromCache: summary.fromCache - by('cache'),
    degraded: summary.degraded - provisional.length,
    durationMs: summary.durationMs + durationMs,
  };
}

/** In the manner of the results' own keys, for scripts. */
export function summaryObject(run: RunSummary): object {
  const { total, succeeded, failed, fromCache, byLlm, byLocal, degraded, duplicates, earlier, money } = run;
  return {
    total,
    succeeded,
    failed,
    unfinished: total - succeeded - failed,
    from_cache: fromCache,
    by_llm: byLlm,
    by_local: byLocal,
    degraded,
    ...(run.provisional > 0 && { provisional: run.provisional }),
    duplicates,
    done_earlier: earlier,
    reasons: Object.fromEntries(Object.entries(run.reasons).map(([code, { count }]) => [code, count])),
    categories: run.categories,
    ...(hasAny(run.tags) && { tags: run.tags }),
    left_out: run.leftOut,
    seconds: run.durationMs / 1000,
    ...(money && {
      llm_calls_answered: money.answeredCalls,
      spent: money.spentMicro / 1_000_000,
      ...(money.savedMicro !== undefined && { saved: money.savedMicro / 1_000_000 }),
      currency: money.currency,
    }),
    ...(run.failures.length > 0 && { llm_failures: run.failures.map(({ text: _, ...failure }) => failure) }),
  };
}

const leftOutSentences = {
  videos: '{count} {count|video|videos}',
  raw: '{count} RAW {count|file|files}',
  links: '{count} {count|link|links}',
  hidden: '{count} hidden',
  ignored: '{count} ignored',
  other: '{count} other {count|file|files}',
} as const satisfies Record<keyof LeftOut, Sentence>;

/** `2 videos, 1 hidden`; empty if nothing was left out. */
export function leftOutText(leftOut: LeftOut, say: Say): string {
  const kinds = leftOutKinds.filter((kind) => leftOut[kind] > 0);
  return kinds.map((kind) => say(leftOutSentences[kind], { count: leftOut[kind] })).join(', ');
}

export function summaryText(run: RunSummary, say: Say): string {
  const { total, succeeded, failed, fromCache, byLlm, byLocal, degraded, duplicates, earlier, money } = run;
  const lines = [headlineOf(run, say)];
  const line = (name: string, value: string | number) => lines.push(`  ${padded(name, 14)} ${value}`);
  const unfinished = total - succeeded - failed;
  if (unfinished > 0) line(say('not done'), unfinished);
  for (const [code, { count, message }] of Object.entries(run.reasons))
    line(say('failed'), `${count} ${code}: ${errorText({ code, message }, say)}`);
  for (const [category, count] of Object.entries(run.categories)) line(category, count);
  const tags = Object.entries(run.tags).slice(0, shownTags);
  if (tags.length > 0) line(say('tags'), tags.map(([tag, count]) => `${printable(tag)} ${count}`).join(', '));
  const parts = [
    ...(earlier > 0 ? [say('{count} done in an earlier run', { count: earlier })] : []),
    ...(duplicates > 0 ? [say('{count} the same as another', { count: duplicates })] : []),
  ];
  line(say('from cache'), `${fromCache}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`);
  line(say('by LLM'), byLlm);
  const replacing = degraded > 0 ? ` (${say('{count} of all replace the LLM', { count: degraded })})` : '';
  line(say('by local model'), `${byLocal}${replacing}`);
  for (const failure of run.failures) lines.push(`  ${failureLine(failure, say)}`);
  if (money && (money.spentMicro > 0 || money.savedCalls > 0)) line(say('money'), moneyLine(money, say));
  const left = leftOutText(run.leftOut, say);
  if (left !== '') line(say('left out'), left);
  return `${lines.join('\n')}\n`;
}

function headlineOf(
  { total, succeeded, failed, durationMs, finished, earlier }: RunSummary,
  say: Say,
): string {
  const seconds = durationMs / 1000;
  const headline = say('{succeeded}/{total} classified, {failed}/{total} failed, in {duration}', {
    succeeded,
    failed,
    total,
    duration: durationText(seconds, say),
  });
  const here = finished - earlier;
  if (here <= 0 || seconds <= 0) return headline;
  return say('{headline} ({rate} photos a second)', { headline, rate: (here / seconds).toFixed(1) });
}

function moneyLine({ spentMicro, savedMicro, savedCalls, currency }: AccountState, say: Say): string {
  const saved =
    savedMicro === undefined
      ? say('{count} {count|call|calls}', { count: savedCalls })
      : moneyText(savedMicro, currency);
  return say('{spent} spent, {saved} saved', { spent: moneyText(spentMicro, currency), saved });
}
