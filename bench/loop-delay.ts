/** Preloaded into a service (`node --import`): prints the delay of its event loop at the end. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
process.on('exit', () => {
  const ms = (nanoseconds: number) => `${(nanoseconds / 1e6 - 5).toFixed(1)} ms`;
  const [p50, p99] = [delay.percentile(50), delay.percentile(99)];
  process.stdout.write(`event loop held up      p50 ${ms(p50)}, p99 ${ms(p99)}, longest ${ms(delay.max)}\n`);
});
