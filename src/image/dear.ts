import type { Cost } from './firewall/limits.ts';

/** Phones' own JPEGs of a few megabytes, screenshots and panoramas stay below; a HEIC of 12 MP without a thumbnail doesn't. */
const dearFromMs = 200;
/** Where no cheap photo has come for that long, no child is kept for one. */
const keptForMs = 30_000;
/** Of the room in the line. */
const dearShare = 0.5;

/** Whether a decode takes so long that others would notice. */
export function isDear({ cpuMs }: Cost): boolean {
  return cpuMs >= dearFromMs;
}

/** Share of the line up to which photos of this cost are let in. */
export function shareOfLine(cost: Cost): number {
  return isDear(cost) ? dearShare : 1;
}

/** Keeps a child free of dear photos while cheap ones come. */
export interface Reserve {
  /** A photo came. */
  came(cost: Cost): void;
  /** Of that many children, how many may hold photos of this cost at once. */
  placesFor(cost: Cost, children: number): number;
}

export function openReserve(nowMs: () => number = () => performance.now()): Reserve {
  let cheapAtMs = Number.NEGATIVE_INFINITY;
  return {
    came(cost) {
      if (!isDear(cost)) cheapAtMs = nowMs();
    },
    placesFor(cost, children) {
      const isKept = isDear(cost) && nowMs() - cheapAtMs < keptForMs;
      return isKept ? Math.max(1, children - 1) : children;
    },
  };
}
