import { clearImmediate, setImmediate } from 'node:timers';

/**
 * Calls back after `delayMs`, once pending input is read. After a pause of the process timers are due before answers
 * that arrived long ago, and a time-out would be wrong.
 * @returns cancels it
 */
export function timerAfterIo(callback: () => void, delayMs: number): () => void {
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    immediate = setImmediate(callback);
  }, delayMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}
