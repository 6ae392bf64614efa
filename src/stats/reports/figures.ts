import { proportion } from '../../proportion.ts';
import type { DurationSum, TallySum } from '../../store/reports/report-store.ts';
import { latencyOf } from '../latency.ts';

/** Sums of one span by topic and name. */
export interface Tallied {
  n(topic: string, name?: string): number;
  amount(topic: string, name?: string): number;
  /** Names of a topic, the most frequent first. */
  names(topic: string): readonly string[];
}

export function talliedOf(sums: readonly TallySum[]): Tallied {
  const topics = new Map<string, Map<string, { n: number; amount: number }>>();
  for (const { topic, name, n, amount } of sums) {
    const names = topics.get(topic) ?? new Map<string, { n: number; amount: number }>();
    const { n: before = 0, amount: amountBefore = 0 } = names.get(name) ?? {};
    topics.set(topic, names.set(name, { n: before + n, amount: amountBefore + amount }));
  }
  const sum = (which: 'n' | 'amount', topic: string, name?: string) => {
    const names = topics.get(topic);
    if (name !== undefined) return names?.get(name)?.[which] ?? 0;
    return [...(names?.values() ?? [])].reduce((total, counted) => total + counted[which], 0);
  };
  return {
    n: (topic, name) => sum('n', topic, name),
    amount: (topic, name) => sum('amount', topic, name),
    names: (topic) => [...(topics.get(topic) ?? [])].sort(([, a], [, b]) => b.n - a.n).map(([name]) => name),
  };
}

export const hitKinds = ['memory', 'store', 'claim', 'flight', 'near'] as const;
export type HitKind = (typeof hitKinds)[number];

/** What happened to photos in a span. */
export type PhotoFigures = ReturnType<typeof photoFigures>;

export function photoFigures(tallied: Tallied) {
  const of = (outcome: string) => tallied.n('upload', outcome) + tallied.n('lookup', outcome);
  const byKind = Object.fromEntries(hitKinds.map((kind) => [kind, of(kind)])) as Record<HitKind, number>;
  const hits = hitKinds.reduce((sum, kind) => sum + byKind[kind], 0);
  const misses = of('llm') + of('local');
  const lookups = tallied.n('asked');
  const lookupHits = tallied.amount('asked');
  return {
    requests: tallied.n('route'),
    lookups,
    lookup_hits: lookupHits,
    lookup_misses: lookups - lookupHits,
    photos: tallied.n('upload') + tallied.n('lookup'),
    uploads: tallied.n('upload'),
    hits,
    hits_by_kind: byKind,
    misses,
    hit_rate: shareOf(hits, hits + misses),
    llm: of('llm'),
    local: of('local'),
    failed: of('failed'),
    degraded: tallied.n('degraded'),
    degraded_share: shareOf(tallied.n('degraded'), hits + misses),
  };
}

/** Money and bytes of a span. */
export function costFigures(tallied: Tallied) {
  return {
    llm_calls: tallied.n('call'),
    llm_calls_answered: tallied.n('call', 'answered'),
    llm_cost: money(tallied.amount('call')),
    llm_cost_saved: money(tallied.amount('saved')),
    input_tokens: tallied.amount('tokens', 'input'),
    output_tokens: tallied.amount('tokens', 'output'),
    bytes_uploaded: tallied.amount('upload'),
    bytes_not_uploaded: tallied.amount('lookup'),
  };
}

/** Failed photos by error code. */
export function errorFigures(tallied: Tallied): Readonly<Record<string, number>> {
  return Object.fromEntries(tallied.names('error').map((code) => [code, tallied.n('error', code)]));
}

/** Photos that both models were asked for, and on how many they agree. */
export function agreementFigures(tallied: Tallied) {
  const compared = tallied.n('agree');
  const agreed = tallied.amount('agree');
  return { compared, agreed, share: shareOf(agreed, compared) };
}

export interface CategoryFigure {
  readonly category: string;
  readonly count: number;
  /** 0 to 100. */
  readonly percentage: number;
  readonly avg_confidence: number;
}

export function categoryFigures(tallied: Tallied): CategoryFigure[] {
  const total = tallied.n('category');
  return tallied.names('category').map((category) => {
    const count = tallied.n('category', category);
    const confidence = tallied.amount('category', category) / 1_000_000 / count;
    return { category, count, percentage: percent(count, total), avg_confidence: rounded(confidence, 4) };
  });
}

/** Durations by what answered, then by method: `cache`, `llm`, `local`. */
export function latencyFigures(durations: readonly DurationSum[]) {
  const photos = durations.filter(({ topic }) => topic === 'photo');
  const outcomes = [...new Set(photos.map(({ name }) => name))].sort();
  const isCache = (name: string) => (hitKinds as readonly string[]).includes(name);
  const byOutcome = outcomes.map((name) => [name, latencyOf(photos.filter((one) => one.name === name))]);
  const cache = latencyOf(photos.filter(({ name }) => isCache(name)));
  return Object.fromEntries([...byOutcome, ...(cache.count > 0 ? [['cache', cache]] : [])]);
}

/** 0 to 1, four decimals; 0 of nothing. */
export function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : rounded(part / whole, 4);
}

/** A share of a sample with its 95 % interval. */
export function shareWithin(part: number, whole: number) {
  const { value = 0, low, high } = proportion(part, whole);
  return { share: rounded(value, 4), low: rounded(low, 4), high: rounded(high, 4) };
}

/** 0 to 100, two decimals. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : rounded((part / whole) * 100, 2);
}

/** Currency units of millionths. */
export function money(micro: number): number {
  return rounded(micro / 1_000_000, 6);
}

export function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
