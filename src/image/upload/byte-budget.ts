import { SlowUploadError } from '../../errors.ts';

/** One upload's share of the budget. Hold it from the first byte until the bytes are dropped. */
export interface Ticket {
  /**
   * Books bytes that have arrived. `undefined`: booked, read on. A promise: the budget is full, stop reading until
   * it resolves. It rejects only when the ticket is released meanwhile. One call at a time.
   */
  take(bytes: number): Promise<void> | undefined;
  /** Everything has arrived: what this ticket holds will be given back without any further byte. */
  complete(): void;
  /** Gives everything back, once; later calls do nothing. */
  release(): void;
}

export interface ByteBudget {
  /** @param end ends the upload: it is slow, and others wait for the memory that it holds */
  openTicket(end?: (error: SlowUploadError) => void): Ticket;
  status(): { readonly usedBytes: number; readonly limitBytes: number; readonly waiting: number };
}

export interface ByteBudgetOptions {
  readonly limitBytes: number;
  /** How long the others wait for a favoured upload that hardly delivers. */
  readonly stallMs?: number;
}

/** Bytes that must move within `stallMs` for it to count as progress. */
const progressBytes = 64 * 1024;

/** A slow upload may hold that share of the budget while others wait. */
const slowShare = 1 / 16;
const slowBytesPerS = 16 * 1024;
const slowSeconds = 5;

interface Holder {
  heldBytes: number;
  /** In this second. */
  movedBytes: number;
  /** In a row, in which it was read and hardly came. */
  slowSeconds: number;
  readonly end: (error: SlowUploadError) => void;
  state: 'receiving' | 'complete' | 'released';
  favoured: boolean;
  wish: { bytes: number; grant: () => void; refuse: (reason: Error) => void } | undefined;
}

/**
 * Bounds the bytes of uploads that are arriving or waiting for their decode, over the whole process.
 *
 * It can't deadlock: where every byte is held by uploads that are themselves waiting for room, the oldest of them is
 * favoured and may overdraw until it is released. If hardly anything moves for `stallMs` while others wait (a
 * favoured upload stalls, a decode hangs), the next oldest is favoured too. The overdraft is so bounded by one upload
 * plus one for each that stalls.
 *
 * Slow uploads can't keep the others out: one that is slow for five seconds while others wait ends, if it holds more
 * than its share.
 */
export function openByteBudget({ limitBytes, stallMs = 1000 }: ByteBudgetOptions): ByteBudget {
  /** Oldest first: a Set keeps the order in which tickets were opened. */
  const holders = new Set<Holder>();
  let usedBytes = 0;
  let movedBytes = 0;
  let ticking: NodeJS.Timeout | undefined;

  const waiting = () => [...holders].filter((holder) => holder.wish !== undefined);

  function book(holder: Holder): void {
    const wish = holder.wish;
    if (!wish) return;
    holder.wish = undefined;
    holder.heldBytes += wish.bytes;
    holder.movedBytes += wish.bytes;
    usedBytes += wish.bytes;
    movedBytes += wish.bytes;
    wish.grant();
  }

  function favourOldest(): void {
    const next = waiting().find((holder) => !holder.favoured);
    if (!next) return;
    next.favoured = true;
    book(next);
  }

  /** Grants what fits, oldest first and none before an older one; then makes sure that one can continue. */
  function serve(): void {
    let blocked = false;
    for (const holder of waiting()) {
      const fits = usedBytes + (holder.wish?.bytes ?? 0) <= limitBytes;
      if (holder.favoured || (fits && !blocked)) book(holder);
      else blocked = true;
    }
    if (blocked && ![...holders].some(willGiveBack)) favourOldest();
    watch();
  }

  function watch(): void {
    if (waiting().length === 0) {
      clearInterval(ticking);
      ticking = undefined;
    } else if (!ticking) {
      movedBytes = 0;
      for (const holder of holders) [holder.movedBytes, holder.slowSeconds] = [0, 0];
      ticking = setInterval(tick, stallMs);
      ticking.unref();
    }
  }

  function tick(): void {
    if (movedBytes < progressBytes) favourOldest();
    movedBytes = 0;
    endSlowUploads(holders, limitBytes * slowShare);
    watch();
  }

  function take(holder: Holder, bytes: number): Promise<void> | undefined {
    if (holder.state === 'released') return undefined;
    let granted = false;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const grant = () => {
      granted = true;
      resolve();
    };
    holder.wish = { bytes, grant, refuse: reject };
    serve();
    return granted ? undefined : promise;
  }

  function release(holder: Holder): void {
    if (holder.state === 'released') return;
    holder.state = 'released';
    holders.delete(holder);
    usedBytes -= holder.heldBytes;
    movedBytes += holder.heldBytes;
    holder.wish?.refuse(new Error('the ticket was released'));
    serve();
  }

  return {
    openTicket(end = () => {}) {
      const holder = newHolder(end);
      holders.add(holder);
      return {
        take: (bytes) => take(holder, bytes),
        complete: () => {
          if (holder.state === 'receiving') holder.state = 'complete';
        },
        release: () => release(holder),
      };
    },
    status: () => ({ usedBytes, limitBytes, waiting: waiting().length }),
  };
}

/** Gives bytes back without any more room. */
const willGiveBack = ({ favoured, state, heldBytes }: Holder): boolean =>
  favoured || (state === 'complete' && heldBytes > 0);

function newHolder(end: Holder['end']): Holder {
  return {
    heldBytes: 0,
    movedBytes: 0,
    slowSeconds: 0,
    end,
    state: 'receiving',
    favoured: false,
    wish: undefined,
  };
}

/** Called once a second while uploads wait. */
function endSlowUploads(holders: Iterable<Holder>, mostBytes: number): void {
  for (const holder of holders) {
    const isSlow =
      holder.state === 'receiving' && holder.wish === undefined && holder.movedBytes < slowBytesPerS;
    holder.slowSeconds = isSlow ? holder.slowSeconds + 1 : 0;
    holder.movedBytes = 0;
    if (holder.slowSeconds >= slowSeconds && holder.heldBytes > mostBytes)
      holder.end(
        new SlowUploadError(
          'The upload is slow, and others wait for its memory; send it again over a better connection.',
        ),
      );
  }
}
