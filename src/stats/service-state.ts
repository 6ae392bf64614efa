import { Gauge, type Registry } from '@prometheus-io/client';
import type { VisionState } from '../vision/open-vision.ts';

/** The current state of this process's parts. */
export interface ServiceState {
  readonly isTaking: boolean;
  readonly isStoreUp: boolean;
  /** Whether look-ups are answered by the read replica; undefined where none is configured. */
  readonly isReplicaUp?: boolean | undefined;
  /** Items that wait in the journal until the store is back, by kind. */
  readonly waitingWrites: Readonly<Record<string, number>>;
  /** Which claims answer a claimant. */
  readonly claimTrust: 'own' | 'all';
  readonly children: {
    readonly size: number;
    readonly ready: number;
    readonly busy: number;
    readonly queued: number;
    /** Milliseconds until all of them are done. */
    readonly drainMs: number;
  };
  /** Absent where no LLM is configured. */
  readonly llm?: VisionState;
  /** Photos that wait for answers at half price, or are in flight; absent where no provider gives them. */
  readonly albumLane?: { readonly photos: number; readonly bytes: number };
}

/** Gauges of the current state, read at each scrape. */
export function watchService(registry: Registry, state: () => ServiceState): void {
  const registers = [registry];
  new Gauge({
    name: 'album_ready',
    help: 'Workers that take requests',
    registers,
    collect() {
      this.set(state().isTaking ? 1 : 0);
    },
  });
  new Gauge({
    name: 'album_store_up',
    help: '1 where every worker reaches the store',
    registers,
    aggregator: 'min',
    collect() {
      this.set(state().isStoreUp ? 1 : 0);
    },
  });
  new Gauge({
    name: 'album_read_replica_up',
    help: '1 where the read replica answers the look-ups of every worker, 0 where the primary does; 1 without a replica',
    registers,
    aggregator: 'min',
    collect() {
      this.set(state().isReplicaUp === false ? 0 : 1);
    },
  });
  new Gauge({
    name: 'album_journal_entries',
    help: 'Results, claims, fingerprints, hits and records that wait until the store is back',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const [kind, items] of Object.entries(state().waitingWrites)) this.set({ kind }, items);
    },
  });
  new Gauge({
    name: 'album_inference_children',
    help: 'Children that decode and infer',
    labelNames: ['state'],
    registers,
    collect() {
      const { size, ready, busy } = state().children;
      this.set({ state: 'busy' }, busy);
      this.set({ state: 'idle' }, Math.max(0, ready - busy));
      this.set({ state: 'down' }, size - ready);
    },
  });
  new Gauge({
    name: 'album_inference_queue',
    help: 'Photos that wait for such a child',
    registers,
    collect() {
      this.set(state().children.queued);
    },
  });
  new Gauge({
    name: 'album_inference_wait_seconds',
    help: 'Estimated time until the photos that wait now are decoded, of the worker with the longest queue',
    registers,
    aggregator: 'max',
    collect() {
      this.set(state().children.drainMs / 1000);
    },
  });
}
