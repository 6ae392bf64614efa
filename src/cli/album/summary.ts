import type { PhotoAnswer } from '../../client/answer.ts';
import type { AlbumSummary } from '../../client/tally.ts';
import { type AccountState, moneyText } from '../account.ts';
import type { Language } from '../invocation.ts';
import { type CountedFailure, failureLine } from './llm-failures.ts';
import { type LeftOut, leftOutKinds } from './photo-files.ts';
import { durationText } from './progress.ts';
import { columnsOf } from './rows.ts';
import { type SummaryWords, summaryWords } from './summary-words.ts';

export interface RunSummary extends AlbumSummary {
  /** Done in an earlier run; counted as succeeded and as from the cache. */
  readonly earlier: number;
  /** Absent where a server pays. */
  readonly money?: AccountState;
  /** Photos whose better answers are still to come. */
  readonly provisional: number;
  /** Photos of each category, the most frequent first. */
  readonly categories: Readonly<Record<string, number>>;
  readonly leftOut: LeftOut;
  /** Why an LLM did not answer. */
  readonly failures: readonly CountedFailure[];
}

/** This run and what an earlier one had done already. */
export function merged(
  earlier: AlbumSummary,
  here: AlbumSummary,
): Omit<RunSummary, 'failures' | 'categories' | 'leftOut' | 'provisional'> {
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
    left_out: run.leftOut,
    seconds: run.durationMs / 1000,
    ...(money && {
      llm_calls_answered: money.answeredCalls,
      spent: money.spentMicro / 1_000_000,
      ...(money.savedMicro !== undefined && { saved: money.savedMicro / 1_000_000 }),
      currency: money.currency,
    }),
    ...(run.failures.length > 0 && { llm_failures: run.failures }),
  };
}

export function summaryText(run: RunSummary, language: Language): string {
  const words = summaryWords[language];
  const { total, succeeded, failed, fromCache, byLlm, byLocal, degraded, duplicates, earlier, money } = run;
  const seconds = run.durationMs / 1000;
  const here = run.finished - earlier;
  const rate = here > 0 && seconds > 0 ? (here / seconds).toFixed(1) : undefined;
  const lines = [words.headline({ total, succeeded, failed, duration: durationText(seconds), rate })];
  const line = (name: string, value: string | number) => lines.push(`  ${padded(name)} ${value}`);
  const unfinished = total - succeeded - failed;
  if (unfinished > 0) line(words.unfinished, unfinished);
  for (const [code, { count, message }] of Object.entries(run.reasons))
    line(words.failed, `${count} ${code}: ${message}`);
  for (const [category, count] of Object.entries(run.categories)) line(category, count);
  const parts = [
    ...(earlier > 0 ? [words.earlier(earlier)] : []),
    ...(duplicates > 0 ? [words.duplicates(duplicates)] : []),
  ];
  line(words.fromCache, `${fromCache}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`);
  line(words.byLlm, byLlm);
  line(words.byLocal, `${byLocal}${degraded > 0 ? ` (${words.degraded(degraded)})` : ''}`);
  for (const failure of run.failures) lines.push(`  ${failureLine(failure)}`);
  if (money && (money.spentMicro > 0 || money.savedCalls > 0)) line(words.money, moneyLine(money, words));
  const left = leftOutKinds.filter((kind) => run.leftOut[kind] > 0);
  if (left.length > 0)
    line(words.leftOut, left.map((kind) => `${run.leftOut[kind]} ${words.kinds[kind]}`).join(', '));
  return `${lines.join('\n')}\n`;
}

function padded(name: string): string {
  return name + ' '.repeat(Math.max(0, 14 - columnsOf(name)));
}

function moneyLine({ spentMicro, savedMicro, savedCalls, currency }: AccountState, words: SummaryWords) {
  const saved = savedMicro === undefined ? words.calls(savedCalls) : moneyText(savedMicro, currency);
  return words.spent(moneyText(spentMicro, currency), saved);
}
