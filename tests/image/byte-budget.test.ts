import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SlowUploadError } from '../../src/errors.ts';
import { type ByteBudget, openByteBudget, type Ticket } from '../../src/image/upload/byte-budget.ts';

/** Follows whether a booking was granted, and when. */
function taking(ticket: Ticket, bytes: number) {
  const state = { granted: false, refused: false };
  const room = ticket.take(bytes);
  if (!room) state.granted = true;
  room?.then(
    () => {
      state.granted = true;
    },
    () => {
      state.refused = true;
    },
  );
  return state;
}

const settled = () => vi.advanceTimersByTimeAsync(0);

describe('the budget of unfinished upload bytes', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('grants at once while there is room', () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const ticket = budget.openTicket();
    expect(ticket.take(60)).toBeUndefined();
    expect(ticket.take(40)).toBeUndefined();
    expect(budget.status()).toEqual({ usedBytes: 100, limitBytes: 100, waiting: 0 });
  });

  it('lets an upload wait for one that is complete, without overdrawing', async () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const first = budget.openTicket();
    first.take(100);
    first.complete();
    const second = taking(budget.openTicket(), 10);
    await settled();
    expect(second.granted).toBe(false);
    first.release();
    await settled();
    expect(second.granted).toBe(true);
    expect(budget.status().usedBytes).toBe(10);
  });

  it('favours the oldest of uploads that wait for each other, and lets it finish', async () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const [older, younger] = [budget.openTicket(), budget.openTicket()];
    older.take(50);
    younger.take(50);
    const youngerTakes = taking(younger, 10);
    await settled();
    // Everything is held by uploads that are not complete: the only one that waits goes on.
    expect(youngerTakes.granted).toBe(true);
    const olderTakes = taking(older, 10);
    await settled();
    expect(olderTakes.granted).toBe(false);
    expect(taking(younger, 1000).granted).toBe(true);
    younger.release();
    await settled();
    expect(olderTakes.granted).toBe(true);
  });

  it('grants freed bytes oldest first, none before an older one', async () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const full = budget.openTicket();
    full.take(100);
    full.complete();
    const [older, younger] = [budget.openTicket(), budget.openTicket()];
    const youngerTakes = taking(younger, 10);
    const olderTakes = taking(older, 80);
    const small = budget.openTicket();
    small.take(0);
    await settled();
    expect([olderTakes.granted, youngerTakes.granted]).toEqual([false, false]);
    full.release();
    await settled();
    expect([olderTakes.granted, youngerTakes.granted]).toEqual([true, true]);
  });

  it('favours another upload when the favoured one delivers nothing for a second', async () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const stalled = budget.openTicket();
    stalled.take(100);
    expect(taking(stalled, 1).granted).toBe(true);
    const next = taking(budget.openTicket(), 10);
    await vi.advanceTimersByTimeAsync(999);
    expect(next.granted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(next.granted).toBe(true);
  });

  it('favours another upload when the favoured one only trickles', async () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const trickling = budget.openTicket();
    trickling.take(100);
    trickling.take(1);
    const other = taking(budget.openTicket(), 10);
    for (let elapsed = 0; elapsed < 1000; elapsed += 100) {
      trickling.take(1);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(other.granted).toBe(true);
  });

  it('gives back what a ticket holds exactly once', () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const [first, second] = [budget.openTicket(), budget.openTicket()];
    first.take(60);
    second.take(30);
    first.release();
    first.release();
    expect(budget.status().usedBytes).toBe(30);
  });

  it('refuses the wait of a ticket that is released meanwhile, and stops its clock at the end', async () => {
    const budget = openByteBudget({ limitBytes: 10 });
    const full = budget.openTicket();
    full.take(10);
    full.complete();
    const ticket = budget.openTicket();
    const waits = taking(ticket, 10);
    ticket.release();
    await settled();
    expect(waits).toEqual({ granted: false, refused: true });
    full.release();
    expect(budget.status().usedBytes).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes on with another upload at once while the favoured one is known to stall', async () => {
    const budget = openByteBudget({ limitBytes: 100_000 });
    const stalled = budget.openTicket();
    stalled.take(100_000);
    expect(taking(stalled, 1).granted).toBe(true);
    await vi.advanceTimersByTimeAsync(2_000);
    for (let one = 0; one < 30; one += 1) {
      const ticket = budget.openTicket();
      expect(taking(ticket, 90_000).granted).toBe(true);
      ticket.release();
    }
  });

  it('gives those a turn first whose sender holds no more than its share', async () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const complete = [30, 30].map((bytes) => {
      const ticket = budget.openTicket({ sender: `holds ${bytes}` });
      ticket.take(bytes);
      ticket.complete();
      return ticket;
    });
    const greedy = budget.openTicket({ sender: 'greedy' });
    const modest = budget.openTicket({ sender: 'modest' });
    greedy.take(30);
    modest.take(10);
    const takes = [greedy, modest].map((ticket) => taking(ticket, 25));
    complete[0]?.release();
    await settled();
    expect(takes.map(({ granted }) => granted)).toEqual([false, true]);
  });

  it('knows no shares while there is room', () => {
    const budget = openByteBudget({ limitBytes: 100 });
    const phones = Array.from({ length: 10 }, () =>
      budget.openTicket({ sender: 'a network of many phones' }),
    );
    for (const phone of phones) expect(phone.take(10)).toBeUndefined();
  });

  /** What the budget ends. `bytes` arrive at once, and then so many a second. */
  function uploads(budget: ByteBudget) {
    const ended: string[] = [];
    const open: { ticket: Ticket; bytesPerS: number }[] = [];
    return {
      ended,
      open(name: string, bytes: number, { sender = '', bytesPerS = 0 } = {}) {
        const end = ({ code }: SlowUploadError) => {
          ended.push(`${name} ${code}`);
          ticket.release();
        };
        const ticket = budget.openTicket({ sender, end });
        open.push({ ticket, bytesPerS });
        taking(ticket, bytes);
        return ticket;
      },
      async pass(seconds: number) {
        for (let second = 0; second < seconds; second += 1) {
          for (const { ticket, bytesPerS } of open) if (bytesPerS > 0) taking(ticket, bytesPerS);
          await vi.advanceTimersByTimeAsync(1_000);
        }
      },
    };
  }

  it('ends a slow upload that holds more than its share while others wait, and no other', async () => {
    const budget = openByteBudget({ limitBytes: 16_000_000 });
    const { ended, open, pass } = uploads(budget);
    open('slow', 8_000_000, { bytesPerS: 1_000 });
    open('slow but small', 900_000, { bytesPerS: 1 });
    open('fast', 4_000_000, { bytesPerS: 20_000 });
    await pass(60);
    expect(ended).toEqual([]);
    open('complete', 2_500_000).complete();
    const waiting = taking(budget.openTicket(), 5_000_000);
    expect(waiting.granted).toBe(false);
    await pass(1);
    expect([ended, waiting.granted]).toEqual([['slow upload_too_slow'], true]);
  });

  it('ends an upload that brings nothing for 30 seconds, though no other upload waits', async () => {
    const budget = openByteBudget({ limitBytes: 16_000_000 });
    const { ended, open, pass } = uploads(budget);
    open('stalled', 5_000);
    open('complete', 5_000).complete();
    await pass(30);
    expect(ended).toEqual([]);
    await pass(1);
    expect(ended).toEqual(['stalled upload_too_slow']);
  });

  it('ends slow uploads of a sender that hold more than its share together', async () => {
    const budget = openByteBudget({ limitBytes: 16_000_000 });
    const { ended, open, pass } = uploads(budget);
    for (let one = 0; one < 20; one += 1) open(`slow ${one}`, 740_000, { sender: 'slow', bytesPerS: 1_200 });
    open('alone', 740_000, { sender: 'alone', bytesPerS: 1_200 });
    await pass(10);
    taking(budget.openTicket({ sender: 'other' }), 770_000);
    await pass(1);
    expect(ended).toHaveLength(19);
    expect(ended).not.toContain('alone upload_too_slow');
  });

  it('ends no upload for its rate where none is asked for', async () => {
    const budget = openByteBudget({ limitBytes: 16_000_000, minBytesPerS: 0 });
    const { ended, open, pass } = uploads(budget);
    open('slow', 16_000_000);
    open('waiting', 1_000_000);
    await pass(60);
    expect(ended).toEqual([]);
  });
});
