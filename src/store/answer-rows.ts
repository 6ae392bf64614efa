/**
 * What `answers` holds, as both databases say it: an answer for every hash and asker, made from `results`,
 * `hash_claims` and `claim_verdicts`. Whoever writes one of those writes in the same transaction what follows from it.
 */

/** Everybody, by bytes that were received. */
export const verifiedAsker = "x'00000000000000000000000000000000'";
/** Everybody, by what claimants agree on. */
export const sharedAsker = "x'00000000000000000000000000000001'";
export const sharedAskerHex = '00000000000000000000000000000001';

/** Fewer than these are nobody's witnesses, whatever is configured. */
export const fewestWitnesses = 2;

export const answerColumns = `hash, asker, version, content, category, confidence, description, method, model, scores,
  created_at_ms, corrected, witnesses`;

const said = 'r.category, r.confidence, r.description, r.method, r.model, r.scores, r.created_at_ms';

/** Of `results r`. */
export const verifiedColumns = `r.sha256, ${verifiedAsker}, r.version, NULL, ${said}, NULL, 0`;

/** Of `hash_claims c` with `results r` of its content. */
export const ownColumns = `c.claimed, c.claimant, r.version, c.content, ${said}, c.corrected, 0`;

/** Of `claim_verdicts v` with `results r` where `sharedJoin` holds. */
export const sharedColumns = `v.claimed, ${sharedAsker}, r.version, v.content, ${said}, NULL, v.witnesses`;

/** What witnesses were told is served only as long as it is still what the result says. */
export const sharedJoin = `r.sha256 = v.content AND r.category = v.category AND v.conflicts = 0
  AND v.witnesses >= ${fewestWitnesses}`;

/** Of `claim_verdicts v` with `results r` of its newest content: what is told where anybody is believed. */
export const newestColumns = `v.claimed, ${sharedAsker}, r.version, v.newest, ${said}, NULL`;

/** A claimed hash and its claimant, in hex. */
export type ClaimKey = readonly [claimed: string, claimant: string];

export interface AnsweredClaim {
  readonly content: string;
  readonly key: ClaimKey;
}

/** Claims whose answers one transaction writes. */
export const claimsAtOnce = 200;

/** Answers that one transaction deletes before the results they were made from. */
export const answersAtOnce = 200;

/** Of each key one, in their order: those who write the same rows lock them alike. */
export function sortedKeys(keys: readonly ClaimKey[]): ClaimKey[] {
  const byText = new Map(keys.map((key) => [key.join('/'), key]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

/** Where the answers are that all claims on these hashes amount to. */
export const sharedKeys = (keys: readonly ClaimKey[]): ClaimKey[] =>
  [...new Set(keys.map(([claimed]) => claimed))].map((claimed) => [claimed, sharedAskerHex]);
