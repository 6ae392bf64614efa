import { timerAfterIo } from '../../resilience/timer-after-io.ts';
import { residentBytesOf } from './resident-memory.ts';

/** Watches how long a child takes and how much memory it uses. */
export interface ChildLimits {
  /** Starts the clock; a clock that runs stops. `withMemory`: checks memory too. */
  start(limitMs: number, withMemory?: 'withMemory'): void;
  stop(): void;
}

const sampleEveryMs = 50;

/** @param onExceeded called when the time is up or the resident size exceeds `maxRssBytes` */
export function openChildLimits(
  { pid, maxRssBytes }: { readonly pid: number | undefined; readonly maxRssBytes: number | undefined },
  onExceeded: (limit: 'hung' | 'memory') => void,
): ChildLimits {
  let stopClock = () => {};
  let sampler: NodeJS.Timeout | undefined;

  function stop(): void {
    stopClock();
    clearInterval(sampler);
  }

  return {
    start(limitMs, withMemory) {
      stop();
      stopClock = timerAfterIo(() => onExceeded('hung'), limitMs);
      if (withMemory === undefined || pid === undefined || maxRssBytes === undefined) return;
      sampler = setInterval(() => {
        if ((residentBytesOf(pid) ?? 0) > maxRssBytes) onExceeded('memory');
      }, sampleEveryMs);
    },
    stop,
  };
}
