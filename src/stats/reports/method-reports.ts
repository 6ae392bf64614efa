import type { DurationSum, ReportStore, TallySum } from '../../store/reports/report-store.ts';
import { latencyOf } from '../latency.ts';
import { byDay } from './cache-reports.ts';
import {
  agreementFigures,
  categoryFigures,
  latencyFigures,
  percent,
  photoFigures,
  rounded,
  talliedOf,
} from './figures.ts';
import { type DaySpan, dateNamer } from './span.ts';

export async function reportCategories(reports: ReportStore, span: DaySpan) {
  return categoryFigures(talliedOf(await reports.sumTallies({ ...span, stepMs: 0 }, ['category'])));
}

/** Answers by method, their durations, outcomes of calls, and how far both models agree. */
export async function reportMethods(reports: ReportStore, span: DaySpan) {
  const [sums, durations] = await Promise.all([
    reports.sumTallies({ ...span, stepMs: 0 }),
    reports.sumDurations({ ...span, stepMs: 0 }, ['photo']),
  ]);
  const tallied = talliedOf(sums);
  const photos = photoFigures(tallied);
  const localFallback = tallied.n('degraded', 'local');
  const calls = tallied.names('call').map((outcome) => [outcome, tallied.n('call', outcome)]);
  const fallbacks = tallied.names('fallback').map((reason) => [reason, tallied.n('fallback', reason)]);
  const tests = tallied.n('test', 'local');
  return {
    total_requests: photos.photos,
    from_cache: photos.hits,
    llm_success: photos.llm,
    local_direct: photos.local - localFallback,
    local_fallback_success: localFallback,
    local_test: tests,
    local_total: photos.local + tests,
    llm_fail_count: tallied.n('fallback'),
    failed: photos.failed,
    degraded: photos.degraded,
    degraded_share: photos.degraded_share,
    llm_calls: Object.fromEntries(calls),
    fallbacks: Object.fromEntries(fallbacks),
    agreement: {
      ...agreementFigures(tallied),
      by_category: Object.fromEntries(
        tallied
          .names('agree')
          .map((category) => [
            category,
            { compared: tallied.n('agree', category), agreed: tallied.amount('agree', category) },
          ]),
      ),
    },
    latency_ms: latencyFigures(durations),
  };
}

/** Batches of uploads, day by day. */
export async function reportBatchClassify(reports: ReportStore, span: DaySpan, timeZone: string) {
  const [sums, durations] = await Promise.all([
    reports.sumTallies({ ...span, stepMs: 1 }, ['route', 'sent']),
    reports.sumDurations({ ...span, stepMs: 1 }, ['route']),
  ]);
  const mine = sums.filter(({ name }) => name === 'batch');
  const took = durations.filter(({ name }) => name === 'batch');
  const nameOf = dateNamer(timeZone);
  const daily = byDay(mine).map(([at, day]) => {
    const batches = batchFigures(
      day,
      took.filter((one) => one.at === at),
    );
    return {
      date: nameOf(at),
      batches: batches.total_batches,
      images: batches.total_images,
      success: batches.total_success,
      fail: batches.total_fail,
      success_rate: batches.success_rate,
      avg_time: batches.avg_time_per_batch,
    };
  });
  return { overall: batchFigures(mine, took), daily };
}

function batchFigures(sums: readonly TallySum[], durations: readonly DurationSum[]) {
  const tallied = talliedOf(sums);
  const batches = tallied.n('route');
  const images = tallied.n('sent');
  const failed = tallied.amount('sent');
  const { mean, p50, p95, p99 } = latencyOf(durations);
  const totalMs = durations.reduce((sum, { sumMs }) => sum + sumMs, 0);
  return {
    total_batches: batches,
    total_images: images,
    total_success: images - failed,
    total_fail: failed,
    success_rate: percent(images - failed, images),
    avg_batch_size: batches === 0 ? 0 : rounded(images / batches, 2),
    avg_time_per_batch: mean,
    avg_time_per_image: images === 0 ? 0 : Math.round(totalMs / images),
    batch_ms: { p50, p95, p99 },
  };
}
