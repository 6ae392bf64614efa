import type { Api } from '../../client/api.ts';
import type { Http } from '../../client/http.ts';
import { inLanguage, type Say, type Text, text } from '../../messages/text.ts';
import type { ServiceState } from '../../stats/service-state.ts';
import { type CallFailure, failureOf, failureText } from '../../vision/calls/call-failure.ts';
import type { VisionCallReport } from '../../vision/calls/call-report.ts';

/** Why calls to an LLM failed in this run, or fail at a server. */
export interface CountedFailure extends CallFailure {
  /** In English. */
  readonly words: string;
  /** The same, in no language yet. */
  readonly text: Text;
  /** Calls; absent for a server. */
  readonly count?: number;
}

export interface FailureTally {
  add(call: VisionCallReport): void;
  /** The most frequent first. */
  list(): readonly CountedFailure[];
}

/** @param hasSeveral several providers: names them */
export function openFailureTally(hasSeveral: boolean): FailureTally {
  const found = new Map<string, CountedFailure>();
  return {
    add(call) {
      if (call.outcome === 'answered') return;
      const failure = failureOf(call);
      const one = { ...failure, ...inWords(failureText(failure, hasSeveral ? call.provider : undefined)) };
      found.set(one.words, { ...one, count: (found.get(one.words)?.count ?? 0) + 1 });
    },
    list: () => [...found.values()].toSorted((a, b) => (b.count ?? 0) - (a.count ?? 0)),
  };
}

const inWords = (text: Text) => ({ text, words: inLanguage('en', text) });

export function failureLine({ text: failure, count }: CountedFailure, say: Say): string {
  if (count === undefined) return say(failure);
  return say('{failure}, {count} {count|call|calls}', { failure, count });
}

export const overBudget: CountedFailure = {
  class: 'over_budget',
  ...inWords({ sentence: 'The budget for LLM calls is used up' }),
};

export const overMaxCost: CountedFailure = {
  class: 'over_budget',
  ...inWords({ sentence: 'The money for this run is used up (--max-cost)' }),
};

/** What a server reports in public. Never rejects: an older one reports nothing. */
export async function failuresAt(http: Http): Promise<readonly CountedFailure[]> {
  try {
    const read = (response: Response) => response.json() as Promise<Api['GET /api/v1/health']['answer']>;
    const { llm, llm_failure: failure } = await http('/api/v1/health', { method: 'GET' }, read);
    const shown = failure && {
      ...failure,
      ...inWords(
        failure.over_at
          ? text('{failure}, and answers again', { failure: failureText(failure) })
          : failureText(failure),
      ),
    };
    return [...(llm === 'over_budget' ? [overBudget] : []), ...(shown ? [shown] : [])];
  } catch {
    return [];
  }
}

/** Failures that only an operator can repair. */
export const operatorNeeded: readonly string[] = ['bad_key', 'out_of_credit', 'unusable_model'];

/** Why no provider can answer without an operator; undefined if one can. */
export function whyLlmCannotAnswer(llm: ServiceState['llm'], say: Say): string | undefined {
  const reasons = (llm?.providers ?? []).map(({ lastFailure, healthyKeys }) => {
    if (lastFailure === undefined || lastFailure.overAt !== undefined) return undefined;
    if (lastFailure.class === 'bad_key' && healthyKeys > 0) return undefined;
    return operatorNeeded.includes(lastFailure.class) ? say(lastFailure.text) : undefined;
  });
  return reasons.length > 0 && reasons.every((one) => one !== undefined)
    ? [...new Set(reasons)].join(say('; '))
    : undefined;
}
