import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export interface LogOptions {
  readonly level: string;
  /** `auto`: pretty where standard output is a terminal, JSON otherwise. */
  readonly format: 'auto' | 'pretty' | 'json';
  /** Leaves standard output to results. */
  readonly toStderr?: boolean;
}

export function openLog({ level, format, toStderr = false }: LogOptions): Logger {
  const stream = toStderr ? process.stderr : process.stdout;
  const isPretty = format === 'pretty' || (format === 'auto' && stream.isTTY === true);
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    // At trace level the multipart parser tells its options, and among them the caller's headers with its key.
    serializers: { busboyOptions: () => undefined },
  };
  const destination = toStderr ? 2 : 1;
  if (!isPretty) return pino(options, pino.destination({ dest: destination, sync: true }));
  return pino(
    options,
    pretty({ colorize: stream.isTTY === true, ignore: 'pid,reqId', sync: true, destination }),
  );
}
