import { Worker } from 'node:worker_threads';

/** JavaScript, not a file: stripping types would load a compiler into every child. */
const watch = `
  const { workerData: parent } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, 500);
`;

/**
 * Ends this process when its parent is gone, even while its own thread is stuck in WebAssembly or a long loop and
 * can't hear that the channel closed.
 */
export function endWithParent(): void {
  const thread = new Worker(watch, {
    eval: true,
    // Taken here: by the time the thread runs, the parent may be gone.
    workerData: process.ppid,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  });
  thread.unref();
}
