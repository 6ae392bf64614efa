export interface Interrupt extends Disposable {
  /** Aborts at the first signal: begin nothing more. */
  readonly stop: AbortSignal;
}

/** npm passes on the Ctrl-C that the terminal has already sent. */
const sameWithinMs = 500;

/** The first Ctrl-C lets photos in flight finish. A second one ends the process at once. */
export function onInterrupt(
  atFirst: () => void,
  atSecond: () => void,
  nowMs: () => number = () => performance.now(),
): Interrupt {
  const controller = new AbortController();
  let firstMs = 0;
  const handle = () => {
    if (!controller.signal.aborted) {
      firstMs = nowMs();
      controller.abort();
      atFirst();
    } else if (nowMs() - firstMs >= sameWithinMs) {
      atSecond();
      process.exit(130);
    }
  };
  process.on('SIGINT', handle).on('SIGTERM', handle);
  return {
    stop: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', handle).off('SIGTERM', handle);
    },
  };
}
