import { constants, fstatSync, openSync, writeSync } from 'node:fs';

/** Most memory of waiting lines. */
const maxWaitingBytes = 1_000_000;
const retryAfterMs = 200;

/**
 * Writes log lines, those of one turn of the event loop at once. Lines that can't be written (full disk, closed
 * terminal, a pipe whose reader has stopped) wait in memory, up to a bound; later ones are dropped and counted. No
 * caller waits, and none sees an error.
 */
export function openLogOutput(fd: number) {
  const output = nonBlocking(fd);
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let lostLines = 0;
  let isScheduled = false;

  function flush(): void {
    isScheduled = false;
    try {
      while (waiting.length > 0) {
        const [chunk = Buffer.alloc(0)] = waiting.length > 1 ? [Buffer.concat(waiting)] : waiting;
        waiting = [chunk];
        const written = writeSync(output, chunk);
        waitingBytes -= written;
        waiting = written < chunk.length ? [chunk.subarray(written)] : [];
      }
    } catch {
      isScheduled = true;
      setTimeout(flush, retryAfterMs).unref();
    }
  }

  process.on('exit', flush);

  return {
    write(line: string): void {
      const bytes = Buffer.from(line);
      if (waitingBytes + bytes.length > maxWaitingBytes) {
        lostLines += 1;
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(flush);
    },
    lostLines: (): number => lostLines,
  };
}

/**
 * A pipe or terminal without a reader blocks its writer, and with it every answer. Reopened as non-blocking it
 * returns an error instead; other programs that share it are not affected.
 */
function nonBlocking(fd: number): number {
  try {
    const kind = fstatSync(fd);
    if (!kind.isFIFO() && !kind.isCharacterDevice()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // No /proc, or a pipe of another user.
    return fd;
  }
}
