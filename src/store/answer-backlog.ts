import { setTimeout as sleep } from 'node:timers/promises';
import { inSmallSteps } from '../resilience/small-steps.ts';
import { type AnsweredClaim, type ClaimKey, claimsAtOnce } from './answer-rows.ts';

export interface AnswerBacklog {
  /**
   * Contents whose results have been saved, and claims on them that this save has answered: where they are as many as
   * one transaction takes there may be more, and those are answered behind it.
   */
  goOn(contents: readonly string[], answered: readonly AnsweredClaim[]): void;
  /** Resolves when no step is under way any more. */
  close(): Promise<void>;
}

/**
 * Answers up to that many claims on the content, of those behind a key, in a transaction of their own.
 * @returns which they were, in the order of their keys
 */
export type AnswerMore = (
  content: string,
  page: { after?: ClaimKey | undefined; limit: number },
) => Promise<readonly AnsweredClaim[]>;

const tries = 5;
const pauseMs = 1000;

/**
 * A content may be claimed by as many as like, and no transaction grows with that. What a longer outage or the end of
 * the process cuts off stays as it was answered before, until its claimant or the content comes again.
 */
export function openAnswerBacklog(answerMore: AnswerMore): AnswerBacklog {
  const waiting = new Set<string>();
  const closing = new AbortController();
  const { signal } = closing;
  let work: Promise<void> | undefined;

  async function answerAll(content: string): Promise<void> {
    let after: ClaimKey | undefined;
    await inSmallSteps({
      signal,
      async step(limit) {
        const answered = await answerMore(content, { after, limit });
        after = answered.at(-1)?.key ?? after;
        return answered.length;
      },
    });
  }

  async function tryAll(content: string): Promise<void> {
    for (let left = tries; left > 0 && !signal.aborted; left -= 1)
      try {
        return await answerAll(content);
      } catch {
        await sleep(pauseMs, undefined, { signal }).catch(() => {});
      }
  }

  async function empty(): Promise<void> {
    for (const content of waiting) {
      waiting.delete(content);
      await tryAll(content);
    }
    work = undefined;
  }

  return {
    goOn(contents, answered) {
      const last = answered.at(-1);
      if (last === undefined || answered.length < claimsAtOnce) return;
      for (const content of contents) if (content >= last.content) waiting.add(content);
      work ??= empty();
    },
    async close() {
      closing.abort();
      await work;
    },
  };
}
