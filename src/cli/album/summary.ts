import type { AlbumSummary } from '../../client/tally.ts';
import { type AccountState, moneyText } from '../account.ts';
import { type CountedFailure, failureLine } from './llm-failures.ts';
import { durationText } from './progress.ts';

export interface RunSummary extends AlbumSummary {
  /** Done in an earlier run; counted as succeeded and as from the cache. */
  readonly earlier: number;
  /** Absent where a server pays. */
  readonly money?: AccountState;
  /** Why an LLM did not answer. */
  readonly failures: readonly CountedFailure[];
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
    duplicates,
    done_earlier: earlier,
    reasons: Object.fromEntries(Object.entries(run.reasons).map(([code, { count }]) => [code, count])),
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

export function summaryText(run: RunSummary): string {
  const { total, succeeded, failed, fromCache, byLlm, byLocal, degraded, duplicates, earlier, money } = run;
  const seconds = run.durationMs / 1000;
  const here = run.finished - earlier;
  const rate = here > 0 && seconds > 0 ? ` (${(here / seconds).toFixed(1)} photos a second)` : '';
  const lines = [`${succeeded}/${total} classified in ${durationText(seconds)}${rate}`];
  const unfinished = total - succeeded - failed;
  if (unfinished > 0) lines.push(`  not done       ${unfinished}`);
  if (failed > 0) {
    lines.push(`  failed         ${failed}`);
    for (const [code, { count, message }] of Object.entries(run.reasons))
      lines.push(`    ${code}: ${count}, e.g. “${message}”`);
  }
  const parts = [
    earlier > 0 ? `${earlier} done in an earlier run` : '',
    duplicates > 0 ? `${duplicates} the same as another` : '',
  ].filter((part) => part !== '');
  lines.push(`  from cache     ${fromCache}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`);
  lines.push(`  by LLM         ${byLlm}`);
  lines.push(
    `  by local model ${byLocal}${degraded > 0 ? ` (${degraded} of all stand in for the LLM)` : ''}`,
  );
  for (const failure of run.failures) lines.push(`  ${failureLine(failure)}`);
  if (money) lines.push(...moneyLines(money));
  return `${lines.join('\n')}\n`;
}

function moneyLines({ spentMicro, savedMicro, savedCalls, currency }: AccountState): string[] {
  if (spentMicro === 0 && savedCalls === 0) return [];
  const saved = savedMicro === undefined ? `${savedCalls} calls` : moneyText(savedMicro, currency);
  return [`  money          ${moneyText(spentMicro, currency)} spent, ${saved} saved`];
}
