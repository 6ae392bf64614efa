import { randomOf } from '../fuzz/mutations.ts';

/**
 * `down`: nothing reaches the store. `silent`: it writes, and its answer is lost. `hung`: it neither writes nor answers.
 * `late`: it writes long after the caller gave up. `slow`: it takes up to three seconds. `mixed`: any of them, or none.
 */
export const faultKinds = ['down', 'silent', 'hung', 'late', 'slow', 'mixed'] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface FaultWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** The process whose network is at fault; undefined: the store is, for all. */
  readonly process: number | undefined;
  readonly kind: FaultKind;
}

export interface UploadEvent {
  readonly do: 'upload';
  readonly atMs: number;
  readonly process: number;
  readonly photo: number;
  readonly user: string;
  readonly deadlineMs: number;
  /** When the phone disconnects, if it does. */
  readonly leavesMs: number | undefined;
}

export interface LookUpEvent {
  readonly do: 'look up';
  readonly atMs: number;
  readonly process: number;
  readonly photo: number;
  readonly user: string;
}

export interface EndEvent {
  /** `kill when writing`: once the next write has reached the store, before its answer. */
  readonly do: 'kill' | 'kill when writing' | 'stop';
  readonly atMs: number;
  readonly process: number;
  readonly restartMs: number;
}

export type ScenarioEvent = UploadEvent | LookUpEvent | EndEvent;

export interface Scenario {
  readonly seed: number;
  readonly processes: number;
  /** Workers of one machine share the folder of their journals; replicas don't. */
  readonly isFolderShared: boolean;
  readonly memoryMs: number;
  /** Of the network, one way, at most. */
  readonly latencyMs: number;
  readonly faults: readonly FaultWindow[];
  readonly events: readonly ScenarioEvent[];
  /** When the last fault is over. */
  readonly healthyMs: number;
}

/** What happens, drawn from a seed. */
export function scenarioOf(seed: number): Scenario {
  // The first numbers of neighbouring seeds resemble each other.
  const random = randomOf(Math.imul(seed, 0x9e3779b1));
  for (let skipped = 0; skipped < 8; skipped += 1) random(2);
  const between = (least: number, most: number) => least + random(most - least + 1);
  const oneIn = (count: number) => random(count) === 0;
  const list = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

  const processes = between(1, 3);
  const photos = between(1, 5);
  const lengthMs = between(5_000, 40_000);
  const anyProcess = () => random(processes);
  const hasFaults = !oneIn(4);
  const hasEnds = !oneIn(3);

  const faults = list(hasFaults ? between(1, 4) : 0, (): FaultWindow => {
    const fromMs = random(lengthMs);
    return {
      fromMs,
      toMs: fromMs + (oneIn(2) ? between(50, 2_000) : between(2_000, 20_000)),
      process: oneIn(2) ? undefined : anyProcess(),
      kind: faultKinds[random(faultKinds.length)] ?? 'down',
    };
  });

  /** Often close to another event, since that is where races are. */
  const moments: number[] = faults.flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  function moment(): number {
    const near = moments[random(moments.length + 1)];
    const atMs = near === undefined || oneIn(2) ? random(lengthMs) : near + random(oneIn(2) ? 1_500 : 7_000);
    moments.push(atMs);
    return atMs;
  }

  const uploads = list(between(2, 16), (): UploadEvent => {
    const deadlineMs = oneIn(3) ? between(3_000, 8_000) : 25_000;
    return {
      do: 'upload',
      atMs: moment(),
      process: anyProcess(),
      photo: random(photos),
      user: `user ${random(3)}`,
      deadlineMs,
      leavesMs: oneIn(8) ? random(deadlineMs) : undefined,
    };
  });
  const lookUps = list(random(10), (): LookUpEvent => {
    const photo = random(photos);
    return { do: 'look up', atMs: moment(), process: anyProcess(), photo, user: `user ${random(3)}` };
  });
  const ends = list(hasEnds ? between(1, 3) : 0, (): EndEvent => {
    const what = (['kill', 'kill when writing', 'stop'] as const)[random(3)] ?? 'kill';
    return { do: what, atMs: moment(), process: anyProcess(), restartMs: between(100, 8_000) };
  });
  return {
    seed,
    processes,
    isFolderShared: oneIn(2),
    memoryMs: oneIn(2) ? 30_000 : 3_000,
    latencyMs: oneIn(2) ? 4 : 80,
    faults,
    events: [...uploads, ...lookUps, ...ends].sort((a, b) => a.atMs - b.atMs),
    healthyMs: Math.max(lengthMs + 1_500, ...faults.map(({ toMs }) => toMs)),
  };
}
