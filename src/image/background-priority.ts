import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Of nice(2): a process of normal priority that wants a core gets about nine tenths of it against this one. */
const background = 10;

/**
 * Lets everybody else run first: a server that answers health checks and reads uploads needs a core for moments only,
 * but at once. On Linux a priority is a thread's own, and that of threads it starts later.
 */
export function yieldToOthers(): void {
  try {
    for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), background);
  } catch {
    setPriority(background);
  }
}
