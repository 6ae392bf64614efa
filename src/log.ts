import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export interface LogOptions {
  readonly level: string;
  /** `auto`: pretty where standard output is a terminal, JSON otherwise. */
  readonly format: 'auto' | 'pretty' | 'json';
}

export function openLog({ level, format }: LogOptions): Logger {
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY === true);
  const options = { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime };
  if (!isPretty) return pino(options);
  return pino(options, pretty({ colorize: process.stdout.isTTY === true, ignore: 'pid,reqId', sync: true }));
}
