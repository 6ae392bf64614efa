import { clearImmediate, setImmediate } from 'node:timers';

/**
 * Calls back after `delayMs`, once what had come in by then was read: in a process that stood still, timers are due
 * before the answers that have long been there, and giving up on those would be a mistake.
 * @returns ends it
 */
export function patientTimer(callback: () => void, delayMs: number): () => void {
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    immediate = setImmediate(callback);
  }, delayMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}
