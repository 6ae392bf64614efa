/** A request to work on something alone, among all processes on one store. */
export interface LeaseRequest {
  /** What the work is on: 64 hex digits. */
  readonly name: string;
  /** 32 hex digits, unique to this request. */
  readonly owner: string;
  readonly ttlMs: number;
}

export interface HeldLease extends LeaseRequest {
  /** Fencing token: grows from holder to holder, so that a late renewal or release never touches a successor's lease. */
  readonly token: number;
}

export interface LeaseState {
  readonly isOwn: boolean;
  readonly token: number;
  /** Until it expires, unless it is renewed. */
  readonly leftMs: number;
}
