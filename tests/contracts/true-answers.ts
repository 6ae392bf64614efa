import { expect } from 'vitest';
import type { StoreFixture } from './store-place.ts';

type Row = Readonly<Record<string, unknown>>;

const hex = (value: unknown): string => Buffer.from(value as Uint8Array).toString('hex');
const everybody = '0'.repeat(32);
const agreed = `${'0'.repeat(31)}1`;

/**
 * That what look-ups read is what results, claims and verdicts say, no more and no less: made here from these, row by
 * row, as the look-up itself once did.
 */
export async function expectTrueAnswers({ rows }: Pick<StoreFixture, 'rows'>): Promise<void> {
  const [results, claims, verdicts, answers] = await Promise.all(
    ['results', 'hash_claims', 'claim_verdicts', 'answers'].map((table) => rows(`SELECT * FROM ${table}`)),
  );
  const ofContent = Map.groupBy(results ?? [], ({ sha256 }) => hex(sha256));
  const answer = (
    hash: unknown,
    asker: string,
    result: Row,
    { content, corrected, witnesses }: Row = {},
  ) => ({
    key: `${hex(hash)} ${asker} ${result.version}`,
    content: content ? hex(content) : null,
    said: ['category', 'confidence', 'description', 'method', 'model', 'scores', 'created_at_ms']
      .map((column) => `${result[column]}`)
      .join(' '),
    corrected: corrected ?? null,
    witnesses: asker === agreed ? Number(witnesses) : 0,
  });
  const expected = [
    ...(results ?? []).map((result) => answer(result.sha256, everybody, result)),
    ...(claims ?? []).flatMap((claim) =>
      (ofContent.get(hex(claim.content)) ?? []).map((result) =>
        answer(claim.claimed, hex(claim.claimant), result, claim),
      ),
    ),
    ...(verdicts ?? [])
      .filter(({ witnesses, conflicts }) => Number(witnesses) >= 2 && Number(conflicts) === 0)
      .flatMap((verdict) =>
        (ofContent.get(hex(verdict.content)) ?? [])
          .filter(({ category }) => category === verdict.category)
          .map((result) => answer(verdict.claimed, agreed, result, { ...verdict, corrected: null })),
      ),
  ];
  const read = (answers ?? []).map((row) => answer(row.hash, hex(row.asker), row, row));
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  expect(read.sort(byKey)).toEqual(expected.sort(byKey));
}
