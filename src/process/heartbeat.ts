import type { Worker } from 'node:cluster';

const everyMs = 2_000;
/** A worker that misses that many heartbeats in a row hangs: 10 s. */
const mostMissed = 5;

interface Heartbeat {
  readonly type: 'album:heartbeat';
}

/** In a worker: tells the primary regularly that its event loop runs. */
export function sendHeartbeats(): void {
  const send = () => {
    if (process.connected) process.send?.({ type: 'album:heartbeat' } satisfies Heartbeat);
  };
  send();
  setInterval(send, everyMs).unref();
}

/**
 * In the primary: calls `onHang` when heartbeats stop. A worker that is still starting has sent none, and is not
 * watched yet. Missed ones are counted, not timed: after a suspension of the whole machine nothing is missing.
 */
export function watchHeartbeats(worker: Worker, onHang: () => void): void {
  let missed = 0;
  let timer: NodeJS.Timeout | undefined;
  const check = () => {
    missed += 1;
    if (missed <= mostMissed) return;
    clearInterval(timer);
    onHang();
  };
  worker.on('message', (message: Heartbeat) => {
    if (message?.type !== 'album:heartbeat') return;
    missed = 0;
    timer ??= setInterval(check, everyMs).unref();
  });
  worker.once('exit', () => clearInterval(timer));
}
