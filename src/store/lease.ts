/** The wish to be the only one at work on something, among all processes on one store. */
export interface LeaseRequest {
  /** What the work is on: 64 hex digits. */
  readonly name: string;
  /** Who asks, this time: 32 hex digits that nobody else has. */
  readonly owner: string;
  readonly ttlMs: number;
}

export interface HeldLease extends LeaseRequest {
  /** Grows from holder to holder: a late renewal or release touches nobody else's lease. */
  readonly token: number;
}

export interface LeaseState {
  readonly isOwn: boolean;
  readonly token: number;
  /** Until it may be another's, unless it is renewed. */
  readonly leftMs: number;
}

export interface LeaseStore {
  acquireLease(request: LeaseRequest): Promise<LeaseState>;
  renewLease(lease: HeldLease): Promise<void>;
  releaseLease(lease: HeldLease): Promise<void>;
}
