import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';

/** Counters of this process, in Prometheus' terms. */
export type Metrics = ReturnType<typeof openMetrics>;

const photoSeconds = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 30, 60];
const httpSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Labels are names out of the code and the configuration, never anything that a caller sends. */
export function openMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `album_${name}`, help, labelNames: [...labelNames], registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: readonly number[],
  ) =>
    new Histogram({
      name: `album_${name}`,
      help,
      labelNames: [...labelNames],
      buckets: [...buckets],
      registers,
    });
  return {
    registry,
    /** @param lostLines log lines not written since the start */
    watchLog(lostLines: () => number): void {
      new Counter({
        name: 'album_log_lines_lost_total',
        help: 'Log lines that could not be written',
        registers,
        collect() {
          this.reset();
          this.inc(lostLines());
        },
      });
    },
    fallbacks: counter('fallbacks_total', 'Photos the preferred classifier did not answer', ['reason']),
    writeFailures: counter('store_write_failures_total', 'Results, hits and claims that were not written', [
      'operation',
    ]),
    readFailures: counter('store_read_failures_total', 'Look-ups that the store did not answer', []),
    journalReplayed: counter('journal_replayed_total', 'Items written after the store was back', ['kind']),
    journalLost: counter(
      'journal_lost_total',
      'Items that waited for the store and were dropped: the journal was full, in memory, or too old',
      ['kind'],
    ),
    leases: counter('leases_total', 'Photos for which a lease was wanted before an LLM was asked', [
      'outcome',
    ]),
    nearDuplicates: counter(
      'near_duplicates_total',
      'Photos looked for among others of their album before an LLM was asked: answered by one, or none is the same',
      ['outcome'],
    ),
    rowsDeleted: counter('rows_deleted_total', 'Rows deleted in the background', ['of']),
    recordsLost: counter('records_lost_total', 'Photo and request records that were not written', ['reason']),
    childrenLost: counter('children_lost_total', 'Inference children that ended unasked', ['loss']),
    photos: histogram(
      'photo_duration_seconds',
      'Photos by what became of them: uploads, and look-ups that hit',
      ['outcome'],
      photoSeconds,
    ),
    degraded: counter('photos_degraded_total', 'Photos answered by a weaker method than preferred', []),
    errors: counter('photo_errors_total', 'Photos without an answer', ['code']),
    lookups: counter('lookups_total', 'Hashes asked for', ['result']),
    uploadBytes: counter('upload_bytes_total', 'Bytes of photos received', []),
    llmSaved: counter('llm_cost_saved_total', 'Currency units that hits would have cost', []),
    compared: counter('models_compared_total', 'Photos that both models were asked for', ['verdict']),
    http: histogram(
      'http_request_duration_seconds',
      'Requests by route and class of status',
      ['method', 'route', 'status'],
      httpSeconds,
    ),
    denied: counter('requests_denied_total', 'Requests refused for their key, token or quota', ['reason']),
  };
}

/** What runs, for all workers once. */
export function showBuild(
  registry: Registry,
  { version, commit = '' }: { readonly version: string; readonly commit?: string | undefined },
): void {
  new Gauge({
    name: 'album_build_info',
    help: '1, with the version and the commit that run; commit is empty if it is unknown',
    labelNames: ['version', 'commit'],
    registers: [registry],
    aggregator: 'first',
  }).set({ version, commit }, 1);
}
