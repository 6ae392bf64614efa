import { basename } from 'node:path';
import { SingleBar } from 'cli-progress';
import { shortened } from '../../messages/columns.ts';
import type { Say } from '../../messages/text.ts';
import { type AccountState, moneyText } from '../account.ts';
import { printable } from './rows.ts';

export interface ProgressState {
  readonly total: number;
  readonly finished: number;
  readonly fromCache: number;
  readonly failed: number;
  readonly money: AccountState | undefined;
  /** In place of the counts. */
  readonly note?: string;
  /** The last one that was finished. */
  readonly file?: string | undefined;
}

export interface Progress {
  update(state: ProgressState): void;
  /** Takes the bar off the screen for a line of text, until it is drawn again. */
  hide(): void;
  /** What `write` writes to the same terminal stands above the bar. */
  above(write: (text: string) => void): (text: string) => void;
  /** Takes it off for good. */
  stop(): void;
}

/** Over how long the rate is taken. */
const windowMs = 15_000;

const eraseLine = '\r\u001b[K';

/** A bar on standard error where that is a terminal; nothing elsewhere. */
export function openProgress(total: number, isShown: boolean, say: Say): Progress {
  if (!isShown) return { update() {}, hide() {}, above: (write) => write, stop() {} };
  const bar = new SingleBar({
    format: ' {bar} {percentage}%  {value}/{total}  {rate}/s  {left}  {details}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    // The summary says it all, and what a reader of results reads comes first.
    clearOnComplete: true,
    linewrap: false,
    stream: process.stderr,
  });
  const samples: { atMs: number; finished: number }[] = [];
  let state: ProgressState = { total, finished: 0, fromCache: 0, failed: 0, money: undefined };

  function perSecond(): number {
    const nowMs = performance.now();
    samples.push({ atMs: nowMs, finished: state.finished });
    while (samples.length > 2 && nowMs - (samples[0]?.atMs ?? 0) > windowMs) samples.shift();
    const [first] = samples;
    if (!first || nowMs === first.atMs) return 0;
    return ((state.finished - first.finished) / (nowMs - first.atMs)) * 1000;
  }

  function draw() {
    const rate = perSecond();
    const time = rate > 0 ? durationText((state.total - state.finished) / rate, say) : '…';
    const left = say('{time} left', { time });
    bar.update(state.finished, { rate: rate.toFixed(1), left, details: detailsOf(state, say) });
  }

  const hide = () => void process.stderr.write(eraseLine);

  bar.start(total, 0, { rate: '0.0', left: say('{time} left', { time: '…' }), details: '' });
  const timer = setInterval(draw, 200);
  return {
    update(next) {
      state = next;
    },
    hide,
    above: (write) =>
      process.stdout.isTTY
        ? (text) => {
            hide();
            write(text);
          }
        : write,
    stop() {
      clearInterval(timer);
      // The library goes back to the place that was saved last: without this, to where the bar began.
      process.stderr.write(`${eraseLine}\u001b7`);
      bar.stop();
    },
  };
}

const nameColumns = 28;

function detailsOf({ fromCache, failed, money, note, file }: ProgressState, say: Say): string {
  const parts =
    note === undefined
      ? [say('{count} cached', { count: fromCache }), say('{count} failed', { count: failed })]
      : [note];
  if (money && money.spentMicro > 0) parts.push(moneyText(money.spentMicro, money.currency));
  if (file !== undefined) parts.push(shortened(printable(basename(file)), nameColumns));
  return parts.join(' · ');
}

/** `4.2 s`, `42 s`, `3 min 20 s`, `2 h 05 min` */
export function durationText(seconds: number, say: Say): string {
  if (seconds < 9.95) return say('{seconds} s', { seconds: seconds.toFixed(1) });
  const whole = Math.round(seconds);
  if (whole < 60) return say('{seconds} s', { seconds: whole });
  const minutes = Math.floor(whole / 60);
  const inTwo = (count: number) => String(count % 60).padStart(2, '0');
  if (minutes < 60) return say('{minutes} min {seconds} s', { minutes, seconds: inTwo(whole) });
  return say('{hours} h {minutes} min', { hours: Math.floor(minutes / 60), minutes: inTwo(minutes) });
}
