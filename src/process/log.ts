import { type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { openLogOutput } from './log-output.ts';

export interface LogOptions {
  readonly level: string;
  /** `auto`: pretty if standard output is a terminal, JSON otherwise. */
  readonly format: 'auto' | 'pretty' | 'json';
  /** Keeps standard output free for results. */
  readonly toStderr?: boolean;
}

export interface Log {
  readonly log: Logger;
  /** Lines that could not be written since the start. */
  lostLines(): number;
}

export function openLog({ level, format, toStderr = false }: LogOptions): Log {
  const isTerminal = (toStderr ? process.stderr : process.stdout).isTTY === true;
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const prettify = isPretty ? prettyFactory({ colorize: isTerminal, ignore: 'pid,reqId' }) : String;
  const output = openLogOutput(toStderr ? 2 : 1);
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    // At level trace the multipart parser logs its options, which include the caller's headers and key.
    serializers: { busboyOptions: () => undefined },
  };
  return {
    log: pino(options, { write: (line: string) => output.write(prettify(line)) }),
    lostLines: output.lostLines,
  };
}
