/** One life of a process. */
export interface Life {
  readonly name: string;
  readonly process: number;
  killedMs: number | undefined;
  stoppedMs: number | undefined;
}

export interface PaidCall {
  readonly photo: number;
  readonly life: Life;
  readonly startMs: number;
  /** Undefined while it runs, or when its process was killed. */
  endMs: number | undefined;
  isAnswered: boolean;
}

/** A request that has got its answer, or an error. */
export interface Ended {
  readonly requestId: string;
  readonly kind: 'upload' | 'look up';
  readonly life: Life;
  readonly photo: number;
  readonly user: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly deadlineMs: number;
  /** Where the answer came from, or the error's name. */
  readonly outcome: string;
  readonly isError: boolean;
  readonly hasLeft: boolean;
}

export interface History {
  readonly lives: Life[];
  readonly calls: PaidCall[];
  readonly ended: Ended[];
  /** Hits on results that were to be counted. */
  hits: number;
  /** When all processes had stopped. */
  endedMs: number;
  readonly trace: string[];
}

export const openHistory = (): History => ({
  lives: [],
  calls: [],
  ended: [],
  hits: 0,
  endedMs: 0,
  trace: [],
});
