import { outage } from '../../src/store/outage.ts';
import type { Store } from '../../src/store/store.ts';
import type { FakeProcess } from '../support/fake-clock.ts';
import type { FaultKind } from './scenario.ts';

export interface NetworkOptions {
  /** One way, at most. */
  readonly latencyMs: number;
  /** What the store's side of the network runs in: what was sent arrives, whatever becomes of the sender. */
  readonly server: FakeProcess;
  /** At this moment. */
  readonly fault: () => FaultKind | undefined;
  readonly isAlive: () => boolean;
  /** A write has reached the store. */
  readonly onWritten: () => void;
  readonly trace: (line: string) => void;
  readonly random: (below: number) => number;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const simpleFaults = ['down', 'silent', 'hung', 'late', 'slow', undefined] as const;
const writes = /^(save|count|acquire|renew|release)/;

/** The store as a process sees it across a network that fails. */
export function acrossNetwork(store: Store, options: NetworkOptions): Store {
  const { latencyMs, server, fault, isAlive, onWritten, trace, random } = options;

  /** What the circuit breaker grants minutes. */
  const slowCalls = new Set(['migrate', ...Object.keys(store.maintenance)]);

  async function act<T>(name: string, operation: () => Promise<T>, end: (settle: () => T) => void) {
    const now = fault();
    const kind = now === 'mixed' ? simpleFaults[random(simpleFaults.length)] : now;
    const fail = (reason: string) =>
      end(() => {
        throw outage(reason);
      });
    trace(kind === undefined ? name : `${name} (${kind})`);
    const travelMs = () => (kind === 'slow' ? random(1_500) : 1 + random(latencyMs));
    if (kind === 'hung') {
      // The circuit breaker bounds the other calls; a driver bounds its statements itself.
      if (!slowCalls.has(name)) return;
      await sleep(1_000);
      return fail('no answer');
    }
    await sleep(kind === 'late' ? 900 + random(8_000) : travelMs());
    if (kind === 'down') return fail('refused');
    const result = await operation();
    if (writes.test(name)) onWritten();
    await sleep(travelMs());
    if (kind === 'silent') return fail('the connection was lost');
    end(() => result);
  }

  function across<T>(name: string, operation: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const end = (settle: () => T) => {
        if (isAlive()) new Promise<T>((settled) => settled(settle())).then(resolve, reject);
      };
      server.run(() => act(name, operation, end).catch(reject));
    });
  }

  const methodsOf = <Methods extends object>(methods: Methods): Methods =>
    Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [
        name,
        typeof method === 'function'
          ? (...values: unknown[]) => across(name, () => method(...values))
          : method,
      ]),
    ) as Methods;

  const { kind, maintenance, reports, apiKeys, ...operations } = store;
  return {
    kind,
    ...methodsOf(operations),
    maintenance: methodsOf(maintenance),
    reports,
    apiKeys,
    migrate: () => across('migrate', async () => []),
    close: async () => {},
  };
}
