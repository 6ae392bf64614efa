import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openByteBudget, type Ticket } from '../../src/image/upload/byte-budget.ts';

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

  it('refuses the wait of a ticket that is released meanwhile, and stops its clock', async () => {
    const budget = openByteBudget({ limitBytes: 10 });
    const full = budget.openTicket();
    full.take(10);
    full.complete();
    const ticket = budget.openTicket();
    const waits = taking(ticket, 10);
    ticket.release();
    await settled();
    expect(waits).toEqual({ granted: false, refused: true });
    expect(vi.getTimerCount()).toBe(0);
    full.release();
    expect(budget.status().usedBytes).toBe(0);
  });

  it('ends a slow upload that holds more than its share while others wait, and no other', async () => {
    const budget = openByteBudget({ limitBytes: 16_000_000 });
    const ended: string[] = [];
    const open = (name: string, bytes: number) => {
      const ticket = budget.openTicket(({ code }) => {
        ended.push(`${name} ${code}`);
        ticket.release();
      });
      ticket.take(bytes);
      return ticket;
    };
    open('slow', 8_000_000);
    open('slow but small', 900_000);
    const fast = open('fast', 4_000_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).toEqual([]);
    const full = open('complete', 2_500_000);
    full.complete();
    const waiting = taking(budget.openTicket(), 5_000_000);
    for (let second = 0; second < 5; second += 1) {
      expect([ended, waiting.granted]).toEqual([[], false]);
      fast.take(70_000);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect([ended, waiting.granted]).toEqual([['slow upload_too_slow'], true]);
  });
});
