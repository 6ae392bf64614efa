import { dayMs, hourMs } from '../../durations.ts';
import type { ReportStore } from '../../store/reports/report-store.ts';
import { money, shareOf, shareWithin, talliedOf } from './figures.ts';
import type { DaySpan } from './span.ts';

export interface SavingOptionsQuery {
  /** Of the comparisons between both models. */
  readonly span: DaySpan;
  /** Unix milliseconds. */
  readonly now: number;
  /** Whether photos of the lane `album` cost half already. */
  readonly hasAlbumLane: boolean;
}

const monthMs = 30 * dayMs;
/** Of the usual price. */
const albumPrice = 0.5;
/** With fewer comparisons the shares are off by more than ten percent points. */
const fewestCompared = 100;

/**
 * What asking the local model first and letting albums wait would save in a month, at the traffic of the last 24 hours.
 * The expected accuracy is the agreement with the LLM in the sample of photos that both models answered.
 * @throws UnavailableError the store is down
 */
export async function reportSavingOptions(reports: ReportStore, query: SavingOptionsQuery) {
  const { span, now, hasAlbumLane } = query;
  // Sums of hours: the hour under way, and 23 before it.
  const from = now - (now % hourMs) - 23 * hourMs;
  const [comparisons, traffic] = await Promise.all([
    reports.sumTallies({ ...span, stepMs: 0 }, ['sure']),
    reports.sumTallies({ level: 'hour', from, to: now + 1, stepMs: 0 }, ['call', 'spent']),
  ]);
  const compared = talliedOf(comparisons);
  const [all, sure] = [compared.n('sure'), compared.n('sure', 'sure')];
  const agreed = compared.amount('sure', 'sure');
  const day = talliedOf(traffic);
  const perMonth = monthMs / (now - from);
  const spent = day.amount('call') * perMonth;
  // Without a lane, photos that may wait cost what all others cost.
  const canWait = day.amount('spent', 'batch') + (hasAlbumLane ? 0 : day.amount('spent', 'album'));
  const partOf = (part: number) => (all === 0 ? 0 : (spent * part) / all);
  return {
    compared: all,
    is_enough: all >= fewestCompared,
    sure_share: shareOf(sure, all),
    agreement_when_sure: shareWithin(agreed, sure),
    month: {
      calls_answered: Math.round(day.n('call', 'answered') * perMonth),
      cost: money(spent),
      cost_of_sure_and_agreed: money(partOf(agreed)),
    },
    local_first: { saves: money(partOf(sure)), agreement: shareWithin(all - (sure - agreed), all) },
    album_lane: {
      batch_share: shareOf(canWait, day.amount('call')),
      saves: money(canWait * perMonth * (1 - albumPrice)),
    },
  };
}
