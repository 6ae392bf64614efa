import type { Classification } from '../classify/classifier.ts';
import type { Fingerprint, PictureCells } from '../image/photo.ts';

/** A classification as it is remembered. */
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
  /** Who asks (`claimantKey`): its own claims are looked up too. */
  readonly claimant?: string;
}

export interface Found extends StoredResult {
  /**
   * Under the hash of bytes the service received, under a hash that the asking claimant claimed for them, or, where
   * all are trusted, that anybody did.
   */
  readonly via: 'verified' | 'claim' | 'anybody';
  /** The category that the asking claimant says is right. */
  readonly corrected?: string;
}

/** Which claims answer a claimant: its own alone, or also the newest of any claimant. */
export type ClaimTrust = 'own' | 'all';

/** "This hash belongs to that content", said by one claimant. */
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
  /** The last time, in Unix milliseconds. */
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

/** "The right category is …", said by one claimant. */
export interface Feedback {
  readonly claimant: string;
  /** Of the photo, as the claimant knows it. */
  readonly hash: string;
  readonly category: string;
  /** What it was told, and by which model. */
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

/** What a photo of a claimant looks like. */
export interface ClaimantFingerprint {
  /** 32 hex digits, see `claimantKey`. */
  readonly claimant: string;
  /** SHA-256 of the photo. */
  readonly content: string;
  readonly fingerprint: Fingerprint;
}

/** A photo of the claimant that may look the same. */
export interface NearDuplicate {
  readonly result: StoredResult;
  readonly picture: PictureCells;
}

/** Most that may be spent in a day (`2026-11-22`) or a month (`2026-11`): millionths of a currency unit, Infinity for any. */
export interface SpendCap {
  readonly period: string;
  readonly capMicro: number;
}
