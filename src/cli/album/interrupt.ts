export interface Interrupt extends Disposable {
  /** Aborts at the first signal: begin nothing more. */
  readonly stop: AbortSignal;
}

/** Ctrl-C once lets what is in flight finish; twice ends the process at once. */
export function onInterrupt(atFirst: () => void, atSecond: () => void): Interrupt {
  const controller = new AbortController();
  const handle = () => {
    if (controller.signal.aborted) {
      atSecond();
      process.exit(130);
    }
    controller.abort();
    atFirst();
  };
  process.on('SIGINT', handle).on('SIGTERM', handle);
  return {
    stop: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', handle).off('SIGTERM', handle);
    },
  };
}
