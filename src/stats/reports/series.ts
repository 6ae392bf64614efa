import { dayMs, hourMs, minuteMs } from '../../durations.ts';
import { BadRequestError } from '../../errors.ts';
import type { DurationSum, ReportStore, RollupSpan } from '../../store/reports/report-store.ts';
import { latencyOf } from '../latency.ts';
import { costFigures, photoFigures, talliedOf } from './figures.ts';

/** Points of one answer, and how long a span minutes and hours are read for: more rows would take too long. */
const maxPoints = 750;
const minutesReadMs = 13 * hourMs;
const hoursReadMs = 15 * dayMs;

/** How long sums of minutes and of hours are kept; longer ago only those of days are. */
export const minutesKeptMs = 3 * dayMs;
export const hoursKeptMs = 100 * dayMs;

export interface SeriesQuery {
  /** Unix milliseconds; `from` inclusive, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** Wanted length of a step; the answer says what it came to. */
  readonly stepMs: number;
}

/**
 * Figures step by step: whole minutes, hours or days. Where the sums of the level that was asked for are gone, or the
 * points would be too many, the steps are longer.
 * @throws BadRequestError nothing lies between `from` and `to`
 */
export async function reportSeries(reports: ReportStore, query: SeriesQuery, now: number) {
  if (!(query.from < query.to)) throw new BadRequestError('invalid_request', '`from` must be before `to`.');
  const span = spanFor(query, now);
  const [sums, durations] = await Promise.all([
    reports.sumTallies(span, ['upload', 'lookup', 'degraded', 'route', 'asked', 'call', 'saved', 'tokens']),
    // Of what models answered: hits would hide them.
    reports.sumDurations(span, ['photo'], ['llm', 'local']),
  ]);
  const sumsByStep = Map.groupBy(sums, ({ at }) => at);
  const durationsByStep = Map.groupBy(durations, ({ at }) => at);
  const steps = span.level === 'day' ? [...sumsByStep.keys()].sort((a, b) => a - b) : stepsOf(span);
  return {
    from: new Date(span.from).toISOString(),
    to: new Date(span.to).toISOString(),
    step: span.level === 'day' ? dayMs / 1000 : span.stepMs / 1000,
    points: steps.map((at) => {
      const tallied = talliedOf(sumsByStep.get(at) ?? []);
      const { hits_by_kind, ...photos } = photoFigures(tallied);
      return {
        at: new Date(at).toISOString(),
        ...photos,
        ...hits_by_kind,
        ...costFigures(tallied),
        ...percentiles(durationsByStep.get(at) ?? []),
      };
    }),
  };
}

function percentiles(durations: readonly DurationSum[]) {
  const { p50, p95, p99 } = latencyOf(durations);
  return { p50_ms: p50, p95_ms: p95, p99_ms: p99 };
}

function spanFor({ from, to, stepMs }: SeriesQuery, now: number): RollupSpan {
  const enough = (to - from) / maxPoints;
  const kept = from < now - hoursKeptMs ? dayMs : from < now - minutesKeptMs ? hourMs : minuteMs;
  const read = to - from > hoursReadMs ? dayMs : to - from > minutesReadMs ? hourMs : minuteMs;
  const wanted = Math.max(stepMs, enough, kept, read);
  // A day is as long as its zone says: each row of its level is a step.
  if (wanted > 12 * hourMs) return { level: 'day', from, to, stepMs: 1 };
  const unit = wanted > 30 * minuteMs ? hourMs : minuteMs;
  const step = Math.ceil(wanted / unit) * unit;
  return {
    level: unit === hourMs ? 'hour' : 'minute',
    from: from - (from % step),
    to,
    stepMs: step,
  };
}

function stepsOf({ from, to, stepMs }: RollupSpan): readonly number[] {
  return Array.from({ length: Math.ceil((to - from) / stepMs) }, (_, index) => from + index * stepMs);
}
