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

export interface TicketOptions {
  /** Who sends it. All uploads of a sender share one turn, and one allowance for slow uploads. */
  readonly sender?: string;
  /** Ends the upload: it is slow, and others wait for the memory that it holds. */
  readonly end?: (error: SlowUploadError) => void;
}

export interface ByteBudget {
  openTicket(options?: TicketOptions): Ticket;
  status(): { readonly usedBytes: number; readonly limitBytes: number; readonly waiting: number };
}

export interface ByteBudgetOptions {
  readonly limitBytes: number;
  /**
   * An upload that brings less for five seconds in a row is slow, and may end; one that brings nothing for 30 seconds
   * ends. 0: none ends. Default 16 384.
   */
  readonly minBytesPerS?: number;
}

const tickMs = 1_000;

/** Bytes that must move in a tick for it to count as progress. */
const progressBytes = 64 * 1024;

/** A sender that holds more of the budget than that waits until the others have had their turn. */
const senderShare = 1 / 4;

/** The slow uploads of a sender may hold that share of the budget together while others wait. */
const slowShare = 1 / 16;
const slowTicks = 5;
const slowBytesPerS = 16_384;
/** Phones lose their connection and come back. */
const idleTicks = 30;

interface Holder {
  readonly sender: string;
  readonly end: (error: SlowUploadError) => void;
  heldBytes: number;
  /** In this tick. */
  movedBytes: number;
  /** In a row, in which it was read and hardly came. */
  slowTicks: number;
  /** In a row, in which it was read and nothing came. */
  idleTicks: number;
  state: 'receiving' | 'complete' | 'released';
  favoured: boolean;
  wish: { bytes: number; grant: () => void; refuse: (reason: Error) => void } | undefined;
}

/**
 * Bounds the bytes of uploads that are arriving or waiting for their decode, over the whole process.
 *
 * It can't deadlock: where every byte is held by uploads that are themselves waiting for room, the next one in turn is
 * favoured and may overdraw until it is released. If it stalls, or hardly anything moves for a second (a decode hangs),
 * one more is favoured. The overdraft is so bounded by one upload plus one for each that stalls.
 *
 * One sender can't keep the others out: if it holds more than its share, their turn comes before its own, and its slow
 * uploads end. Where no upload waits, no share counts.
 */
export function openByteBudget({ limitBytes, minBytesPerS = slowBytesPerS }: ByteBudgetOptions): ByteBudget {
  /** Oldest first: a Set keeps the order in which tickets were opened. */
  const holders = new Set<Holder>();
  const used = openSums();
  /** In this tick: what favoured uploads brought, and what others gave back. */
  let progress = 0;
  let ticking: NodeJS.Timeout | undefined;

  const isGreedy = ({ sender }: Holder) => used.by(sender) > limitBytes * senderShare;

  /** In turn: the oldest first, but those of a sender that holds more than its share last. */
  function waiting(): Holder[] {
    const all = [...holders].filter(isWaiting);
    return [...all.filter((one) => !isGreedy(one)), ...all.filter(isGreedy)];
  }

  function book(holder: Holder): void {
    const { wish } = holder;
    if (!wish) return;
    holder.wish = undefined;
    used.add(holder.sender, wish.bytes);
    holder.heldBytes += wish.bytes;
    holder.movedBytes += wish.bytes;
    if (holder.favoured) progress += wish.bytes;
    wish.grant();
  }

  function favourNext(): void {
    const next = waiting().find((holder) => !holder.favoured);
    if (!next) return;
    next.favoured = true;
    book(next);
  }

  /** Grants what fits, in turn and none before an earlier one; then makes sure that one can continue. */
  function serve(): void {
    let blocked = false;
    for (const holder of waiting()) {
      const fits = used.bytes() + (holder.wish?.bytes ?? 0) <= limitBytes;
      if (holder.favoured || (fits && !blocked)) book(holder);
      else blocked = true;
    }
    if (blocked && ![...holders].some(willGiveBack)) favourNext();
  }

  function tick(): void {
    for (const holder of holders) noteRate(holder, minBytesPerS || slowBytesPerS);
    if (waiting().length > 0) {
      if (progress < progressBytes) favourNext();
      if (minBytesPerS > 0) endSurplusSlow(holders, limitBytes * slowShare);
    }
    if (minBytesPerS > 0) endIdle(holders);
    progress = 0;
  }

  function take(holder: Holder, bytes: number): Promise<void> | undefined {
    if (holder.state === 'released') return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    holder.wish = { bytes, grant: resolve, refuse: reject };
    serve();
    return isWaiting(holder) ? promise : undefined;
  }

  function release(holder: Holder): void {
    if (holder.state === 'released') return;
    holder.state = 'released';
    holders.delete(holder);
    progress += holder.heldBytes;
    used.add(holder.sender, -holder.heldBytes);
    holder.wish?.refuse(new Error('the ticket was released'));
    serve();
    if (holders.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  }

  return {
    openTicket({ sender = '', end = () => {} } = {}) {
      const holder = newHolder(sender, end);
      holders.add(holder);
      ticking ??= setInterval(tick, tickMs).unref();
      return {
        take: (bytes) => take(holder, bytes),
        complete: () => {
          if (holder.state === 'receiving') holder.state = 'complete';
        },
        release: () => release(holder),
      };
    },
    status: () => ({ usedBytes: used.bytes(), limitBytes, waiting: waiting().length }),
  };
}

/** Bytes in use, in all and by each sender. */
function openSums() {
  const bySender = new Map<string, number>();
  let bytes = 0;
  const by = (sender: string) => bySender.get(sender) ?? 0;
  return {
    bytes: () => bytes,
    by,
    add(sender: string, change: number): void {
      bytes += change;
      bySender.set(sender, by(sender) + change);
      if (by(sender) === 0) bySender.delete(sender);
    },
  };
}

const isWaiting = ({ wish }: Holder): boolean => wish !== undefined;

/** Gives bytes back without any more room. */
const willGiveBack = ({ favoured, slowTicks, state, heldBytes }: Holder): boolean =>
  (favoured && slowTicks === 0) || (state === 'complete' && heldBytes > 0);

function newHolder(sender: string, end: Holder['end']): Holder {
  return {
    sender,
    end,
    heldBytes: 0,
    movedBytes: 0,
    slowTicks: 0,
    idleTicks: 0,
    state: 'receiving',
    favoured: false,
    wish: undefined,
  };
}

/** At the end of a tick. One in which the upload itself had to wait says nothing. */
function noteRate(holder: Holder, minBytesPerS: number): void {
  if (holder.movedBytes >= (minBytesPerS * tickMs) / 1_000) holder.slowTicks = 0;
  else if (holder.wish === undefined) holder.slowTicks += 1;
  if (holder.movedBytes > 0) holder.idleTicks = 0;
  else if (holder.wish === undefined) holder.idleTicks += 1;
  holder.movedBytes = 0;
}

function endIdle(holders: Iterable<Holder>): void {
  for (const holder of holders)
    if (holder.state === 'receiving' && holder.idleTicks >= idleTicks) holder.end(stalled());
}

/** Ends the largest slow uploads of each sender, until the others hold no more than `mostBytes` together. */
function endSurplusSlow(holders: Iterable<Holder>, mostBytes: number): void {
  const slow = [...holders].filter((one) => one.state === 'receiving' && one.slowTicks >= slowTicks);
  const kept = new Map<string, number>();
  for (const { sender, heldBytes, end } of slow.sort((one, other) => one.heldBytes - other.heldBytes)) {
    const sum = (kept.get(sender) ?? 0) + heldBytes;
    if (sum <= mostBytes) kept.set(sender, sum);
    else end(tooSlow());
  }
}

const tooSlow = () =>
  new SlowUploadError(
    'The upload is slow, and others wait for its memory; send it again over a better connection.',
  );

const stalled = () =>
  new SlowUploadError(
    'Nothing more of the upload has come for 30 seconds; send it again over a better connection.',
  );
