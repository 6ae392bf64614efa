import type { Classification } from '../classify/classifier.ts';
import type { Fingerprint, PictureCells } from '../image/photo.ts';

/** A stored classification. */
export interface StoredResult extends Classification {
  /** SHA-256 of the bytes that were classified: 64 lower-case hex digits. */
  readonly sha256: string;
  /** What else changes the answer: taxonomy version, prompt version and cache epoch, as one ASCII word. */
  readonly version: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export interface Lookup {
  /** 64 lower-case hex digits, verified or claimed. */
  readonly hash: string;
  readonly version: string;
  /** See `claimantKey`. Its own claims are looked up too. */
  readonly claimant?: string;
}

export interface Found extends StoredResult {
  /**
   * Verified: under the hash of bytes that the service received. Claim: under a hash that the claimant claimed for
   * them. Other: that another claimant did, with `ClaimTrust` all.
   */
  readonly via: 'verified' | 'claim' | 'other';
  /** The claimant's correction. */
  readonly corrected?: string;
}

/** Which claims answer a claimant: its own alone, or the newest of all claimants, too. */
export type ClaimTrust = 'own' | 'all';

/** A claimant's statement that a hash belongs to a content. */
export interface Claim {
  /** 32 hex digits, see `claimantKey`. */
  readonly claimant: string;
  /** The hash the claimant sent: 64 lower-case hex digits. */
  readonly claimed: string;
  /** SHA-256 of the bytes it sent along. */
  readonly content: string;
  /** The claimant's correction of that content, if there is one. */
  readonly corrected?: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** How often a result was given. */
export interface Hit {
  readonly sha256: string;
  readonly version: string;
  readonly count: number;
  /** The last time, in Unix milliseconds; a store may take that of the newest hit of the same list. */
  readonly at: number;
}

/** A photo under one version of the question. */
export interface PhotoVersion {
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  readonly version: string;
}

/** A vendor has refused a photo for its content. */
export interface Refusal extends PhotoVersion {
  /** Unix milliseconds until which it is not sent again. */
  readonly until: number;
}

/** A claimant's statement which category is right. */
export interface Feedback {
  readonly claimant: string;
  /** Of the photo, as the claimant knows it. */
  readonly hash: string;
  readonly category: string;
  /** The category that it got, and the model that gave it. */
  readonly answered?: string;
  readonly model?: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Something was forgotten: what was known of it until then must not be written again. */
export interface Erasure {
  /** A claimant (32 hex digits), a hash (64), or all from before a time (Unix milliseconds in decimal). */
  readonly kind: 'claimant' | 'hash' | 'before';
  readonly name: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** The fingerprint of a claimant's photo. */
export interface ClaimantFingerprint {
  /** 32 hex digits, see `claimantKey`. */
  readonly claimant: string;
  /** SHA-256 of the photo. */
  readonly content: string;
  readonly fingerprint: Fingerprint;
}

/** A photo of the claimant with a similar fingerprint. */
export interface NearDuplicate {
  readonly result: StoredResult;
  readonly picture: PictureCells;
}

/** Most that may be spent in a day (`2026-11-22`) or a month (`2026-11`): millionths of a currency unit, Infinity for any. */
export interface SpendCap {
  readonly period: string;
  readonly capMicro: number;
}
