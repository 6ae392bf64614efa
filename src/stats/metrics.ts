import { Counter, Registry } from 'prom-client';

/** Counters of this process, in Prometheus' terms. */
export type Metrics = ReturnType<typeof openMetrics>;

export function openMetrics() {
  const registry = new Registry();
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `album_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  return {
    registry,
    fallbacks: counter('fallbacks_total', 'Photos the preferred classifier did not answer', ['reason']),
    writeFailures: counter('store_write_failures_total', 'Results, hits and claims that were not written', [
      'operation',
    ]),
    readFailures: counter('store_read_failures_total', 'Look-ups that the store did not answer', []),
    leases: counter('leases_total', 'Photos for which a lease was wanted before an LLM was asked', [
      'outcome',
    ]),
    rowsDeleted: counter('rows_deleted_total', 'Rows deleted in the background', ['of']),
    recordsLost: counter('records_lost_total', 'Photo and request records that were not written', ['reason']),
    childrenLost: counter('children_lost_total', 'Inference children that ended unasked', ['loss']),
  };
}
