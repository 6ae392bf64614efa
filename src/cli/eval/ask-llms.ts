import { VisionError } from '../../errors.ts';
import type { Photo } from '../../image/photo.ts';
import { text } from '../../messages/text.ts';
import { openLog } from '../../process/log.ts';
import { deadlineIn } from '../../resilience/deadline.ts';
import { RetryBudget } from '../../resilience/retry-budget.ts';
import type { VisionCallReport } from '../../vision/calls/call-report.ts';
import { openRunBudget } from '../../vision/calls/run-budget.ts';
import { openSpending } from '../../vision/calls/spending.ts';
import { backoff, repetitions } from '../../vision/open-vision.ts';
import { promptOf } from '../../vision/prompt.ts';
import { visionClassifier } from '../../vision/vision-classifier.ts';
import { type CountedFailure, openFailureTally, operatorNeeded } from '../album/llm-failures.ts';
import { UsageError } from '../usage-error.ts';
import { inParallel } from './in-parallel.ts';
import type { Candidate, Candidates } from './llm-models.ts';
import { openDecoder, wordsOf } from './photo-decoder.ts';
import type { EvalRun, Subject } from './run.ts';

export interface Asked {
  /** Money of this run, in millionths of a currency unit. */
  readonly spentMicro: number;
  readonly isOverBudget: boolean;
  /** Why calls failed. */
  readonly failures: readonly CountedFailure[];
}

export interface AskOptions {
  readonly subjects: readonly Subject[];
  /** Whole currency units. */
  readonly maxCost: number;
}

/** A photo waits for its turn and for all its calls. */
const leastPhotoMs = 600_000;

/**
 * Asks all models about all photos without a kept answer, under the limits of the configuration, until the money is
 * used up.
 * @throws UsageError the price of a model is not known
 */
export async function askLlms(
  run: EvalRun,
  { list, currency }: Candidates,
  { subjects, maxCost }: AskOptions,
): Promise<Asked> {
  const { config, taxonomy, answers, progress, unreadable } = run;
  const { llm } = config;
  const waiting = subjects
    .map((subject) => ({ subject, open: list.filter(({ isAnswered }) => !isAnswered(subject.sha256)) }))
    .filter(({ open }) => open.length > 0);
  if (!llm || waiting.length === 0) return { spentMicro: 0, isOverBudget: false, failures: [] };
  const unpriced = list.find(({ provider }) => provider.price === undefined);
  if (unpriced)
    throw new UsageError(
      text(
        '--max-cost needs the price of {model}: set LLM_PRICE_INPUT and LLM_PRICE_OUTPUT (0 if it is free), COST_PER_API_CALL, or LLM_PRICE_FILE',
        { model: unpriced.name },
      ),
    );
  progress.expect(waiting.reduce((sum, { open }) => sum + open.length, 0));
  const { log } = openLog({ ...config.log, level: 'silent', toStderr: true });
  // An evaluation counts against no other budget.
  const budget = openRunBudget(maxCost * 1_000_000);
  const overBudget = new AbortController();
  const spending = openSpending({
    ledger: budget.around(),
    isCapped: true,
    timeZone: config.timeZone,
    onExhausted: (isExhausted) => isExhausted && overBudget.abort(),
    onFailure: () => {},
  });
  const common = {
    ...{ taxonomy, spending, log, backoff, tries: llm.tries, maxTokens: llm.maxTokens },
    prompt: promptOf({ taxonomy, ...config.prompt }),
    // Each photo is asked about once here.
    refusals: { has: async () => false, add: async () => {} },
    retryBudget: new RetryBudget(repetitions),
  };
  const tally = openFailureTally(list.length > 1);
  /** Ends a model that only an operator can help: each photo would wait for it in turn. */
  const ends = new Map(list.map((candidate) => [candidate, new AbortController()]));

  async function askOne(candidate: Candidate, subject: Subject, photo: Photo): Promise<void> {
    const { provider, question } = candidate;
    const end = ends.get(candidate) ?? new AbortController();
    let answeredMs = 0;
    let costMicro: number | undefined;
    function onCall(call: VisionCallReport) {
      tally.add(call);
      if (call.outcome === 'answered') answeredMs = call.durationMs;
      if (call.costMicro !== undefined) costMicro = (costMicro ?? 0) + call.costMicro;
      progress.spent(call.costMicro ?? 0, currency);
      const isKeyLeft = call.outcome === 'bad_key' && provider.keys.healthy > 0;
      if (operatorNeeded.includes(call.outcome) && !isKeyLeft) end.abort(new VisionError(call.outcome));
    }
    const classifier = visionClassifier({ ...common, providers: [provider], hooks: { onCall } });
    const context = {
      deadline: deadlineIn(Math.max(leastPhotoMs, 2 * provider.timeoutMs)),
      signal: end.signal,
      lane: provider.lane ?? ('batch' as const),
    };
    const paid = () => (costMicro === undefined ? {} : { costMicro });
    try {
      const { category, confidence } = (await classifier.classify(photo, context)).classification;
      answers.add(question, subject.sha256, { category, confidence, durationMs: answeredMs, ...paid() });
      progress.finished(subject, false);
    } catch (error) {
      if (!(error instanceof VisionError)) throw error;
      // Those that the budget left out were not asked.
      if (error.reason !== 'over_budget')
        answers.add(question, subject.sha256, { failure: error.reason, ...paid() });
      progress.finished(subject, true);
    }
  }

  const decoder = await openDecoder(run, { manifest: undefined, manifestFile: undefined });
  const callsAtOnce = () => {
    const limiters = new Set(list.map(({ provider }) => provider.account.limiter));
    return [...limiters].reduce((sum, { state }) => sum + state.limit, 0) + config.inference.processes;
  };
  try {
    await inParallel(
      waiting,
      async ({ subject, open }) => {
        try {
          await decoder.use(subject, async (photo) => {
            await Promise.all(open.map((candidate) => askOne(candidate, subject, photo)));
          });
        } catch (error) {
          unreadable.set(subject.file, wordsOf(error, run.say));
        }
      },
      { atOnce: callsAtOnce, stop: AbortSignal.any([run.stop, overBudget.signal]) },
    );
  } finally {
    await decoder.close();
  }
  return {
    spentMicro: budget.spentMicro,
    isOverBudget: overBudget.signal.aborted,
    failures: tally.list(),
  };
}
