import { writeFileSync } from 'node:fs';
import { readTaxonomy } from '../classify/taxonomy.ts';
import { configured } from '../compose/configured.ts';
import { type Evaluation, evaluate } from '../eval/evaluation.ts';
import { htmlReport } from '../eval/html-report.ts';
import { jsonReport } from '../eval/json-report.ts';
import { type EvaluatedModel, neverSent, type Outcome } from '../eval/outcome.ts';
import { textReport } from '../eval/text-report.ts';
import { type Language, type Say, sayIn, type Text, text } from '../messages/text.ts';
import { type AccountState, moneyText } from './account.ts';
import { modelFolder } from './album/backend.ts';
import { onInterrupt } from './album/interrupt.ts';
import { failureLine } from './album/llm-failures.ts';
import { openProgress } from './album/progress.ts';
import { printable } from './album/rows.ts';
import type { Streams } from './classify.ts';
import { openAnswersFile } from './eval/answers-file.ts';
import { type Asked, askLlms } from './eval/ask-llms.ts';
import { labelledFiles } from './eval/labelled-files.ts';
import { type Candidates, candidatesOf } from './eval/llm-models.ts';
import { type EvaluatedLocalModel, runLocalModel } from './eval/local-models.ts';
import type { EvalRun, RunProgress, Subject } from './eval/run.ts';
import type { EvalSettings } from './eval/settings.ts';
import { hashFiles } from './eval/subjects.ts';
import { thumbnailsOf } from './eval/thumbnails.ts';
import { BlockedError } from './usage-error.ts';

interface EvalStreams extends Pick<Streams, 'out' | 'err' | 'isTerminal' | 'command'> {
  readonly language: Language;
}

/**
 * Compares models on photos whose categories are known. The service's results stay as they are.
 * @returns exit code: 0 every model answered every photo, 1 some answers are missing, 130 interrupted
 * @throws UsageError, ConfigError
 */
export async function evaluateModels(settings: EvalSettings, streams: EvalStreams): Promise<number> {
  const say = sayIn(streams.language);
  const warn = (line: string) => streams.err(`${printable(line)}\n`);
  const report = (line: string) => void (settings.isQuiet || warn(line));
  const config = settings.loadConfig();
  const taxonomy = configured(() => readTaxonomy(config.taxonomyFile));
  const files = labelledFiles(settings, taxonomy, say);
  const unreadable = new Map<string, string>();
  const bar = openBar(settings.showsProgress && streams.isTerminal, say);
  using interrupt = onInterrupt(
    () => {
      bar.hide();
      report(say('Stopping: photos in flight finish. Ctrl-C again ends at once.'));
    },
    () => bar.stop(),
  );
  const { subjects, copies, contradictions } = await hashFiles(
    files,
    (file, reason) => unreadable.set(file, reason),
    interrupt.stop,
  );
  const leaveOut = (problem: Text | string) => warn(say('Left out: {problem}', { problem }));
  if (copies > 0)
    report(
      say('{count} {count|file holds|files hold} the same photo as another one; it counts once.', {
        count: copies,
      }),
    );
  for (const one of contradictions)
    leaveOut(text('{files} are the same photo in different categories', { files: one }));
  const answers = openAnswers(settings.answersFile);
  const run: EvalRun = {
    ...{ config, taxonomy, subjects, answers, unreadable, progress: bar.progress, stop: interrupt.stop, say },
  };
  try {
    const { models, asked, currency } = await runModels(run, settings, (line) => {
      bar.stop();
      report(line);
    });
    bar.stop();
    if (interrupt.stop.aborted) {
      report(say('Interrupted. Answers are kept: the same command continues where this one stopped:'));
      report(`  ${streams.command}`);
      return 130;
    }
    for (const [file, reason] of unreadable) leaveOut(`${file}: ${reason}`);
    for (const one of asked.failures) warn(failureLine(one, say));
    if (asked.isOverBudget)
      warn(say('The budget is used up (--max-cost). Figures are of the photos asked until then.'));
    const categories = taxonomy.categories.map(({ key }) => key);
    const photos = subjects.filter(({ file }) => !unreadable.has(file)).map(labelOf);
    const evaluation = evaluate({ ...{ categories, photos, models, currency }, target: settings.target });
    await writeReports(run, evaluation, { settings, streams, asked });
    if (settings.target !== undefined && evaluation.localFirst.length === 0)
      warn(
        say(
          '--target proposes no threshold without answers of a local model and of an LLM to the same photos: configure an LLM, and name a budget with --max-cost.',
        ),
      );
    if (asked.spentMicro > 0)
      report(say('This run cost {money}.', { money: moneyText(asked.spentMicro, currency) }));
    const isComplete = evaluation.models.every(
      ({ notAsked, failures }) => notAsked === 0 && Object.keys(failures).every((one) => one === neverSent),
    );
    return isComplete && unreadable.size + contradictions.length === 0 ? 0 : 1;
  } finally {
    bar.stop();
    answers.close();
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown';
const labelOf = ({ sha256, file, category }: Subject) => ({ sha256, file, category });

function openAnswers(file: string): ReturnType<typeof openAnswersFile> {
  try {
    return openAnswersFile(file);
  } catch (error) {
    throw new BlockedError(text("{file} can't hold answers: {code}", { file, code: codeOf(error) }));
  }
}

/** Local models first: what must not be sent follows from the answers of the configured one. */
async function runModels(run: EvalRun, settings: EvalSettings, report: (line: string) => void) {
  const locals: EvaluatedLocalModel[] = [];
  for (const folder of [modelFolder(run.config.inference.modelDir), ...settings.modelFolders])
    if (!run.stop.aborted) locals.push(await runLocalModel(run, folder));
  const readable = run.subjects.filter(({ file }) => !run.unreadable.has(file));
  const sendable = readable.filter((subject) => maySend(subject, run, locals[0]));
  const candidates = candidatesOf(run, settings.models, sendable);
  const { list, currency } = candidates;
  const { maxCost } = settings;
  let asked: Asked = { spentMicro: 0, isOverBudget: false, failures: [] };
  if (maxCost === undefined) estimateLines(candidates, run.say).forEach(report);
  else if (!run.stop.aborted) asked = await askLlms(run, candidates, { subjects: sendable, maxCost });
  const kept = new Map<string, Outcome>(
    readable.filter((one) => !sendable.includes(one)).map(({ sha256 }) => [sha256, { failure: neverSent }]),
  );
  const llms = list.map(({ name, question }): EvaluatedModel => {
    const outcomes = run.answers.outcomesOf(question);
    return { name, kind: 'llm', outcomes: new Map([...outcomes, ...kept]) };
  });
  const isKnown = ({ outcomes }: EvaluatedModel) => run.subjects.some(({ sha256 }) => outcomes.has(sha256));
  const models: EvaluatedModel[] = [
    ...locals,
    ...llms.filter((one) => maxCost !== undefined || (isKnown(one) && one.outcomes.size > kept.size)),
  ];
  return { models: distinct(models), asked, currency };
}

/** LLM_NEVER_SEND holds here too; the label of a photo counts like a suspicion. */
function maySend({ sha256, category }: Subject, { config }: EvalRun, local?: EvaluatedLocalModel): boolean {
  const never = config.llm?.neverSend ?? {};
  if (Object.hasOwn(never, category)) return false;
  if (Object.keys(never).length === 0) return true;
  const outcome = local?.outcomes.get(sha256);
  if (!local || !outcome || !('category' in outcome)) return false;
  return !local.isSuspect?.({ ...outcome, method: 'local', model: local.name });
}

/** A folder that is named twice is one model. */
function distinct(models: readonly EvaluatedModel[]): EvaluatedModel[] {
  return [...new Map(models.map((one) => [one.name, one])).values()];
}

/** With some room: answers differ in length. */
const margin = 1.2;

function estimateLines({ list, currency }: Candidates, say: Say): string[] {
  const open = list.filter(({ estimateMicro }) => estimateMicro !== 0);
  if (open.length === 0) return [];
  const sum = open.reduce((total, { estimateMicro = 0 }) => total + estimateMicro, 0);
  const enough = Math.ceil((sum * margin) / 10_000) / 100;
  return [
    say('No LLM is asked without --max-cost. What its answers would cost, about:'),
    ...open.map(({ name: model, estimateMicro }) => {
      const isKnown = estimateMicro !== undefined;
      const money = isKnown ? moneyText(estimateMicro, currency) : say('unknown, as no price is known');
      return `  ${say('{model}: {money}', { model, money })}`;
    }),
    `  ${say('--max-cost {amount} is enough for all of them, if these estimates hold.', { amount: enough })}`,
  ];
}

async function writeReports(
  run: EvalRun,
  evaluation: Evaluation,
  { settings, streams, asked }: { settings: EvalSettings; streams: EvalStreams; asked: Asked },
): Promise<void> {
  const unreadable = [...run.unreadable].map(([file, reason]) => ({ file, reason }));
  streams.out(
    settings.isJson
      ? jsonReport(evaluation, {
          unreadable,
          spent: asked.spentMicro / 1_000_000,
          isOverBudget: asked.isOverBudget,
        })
      : textReport(evaluation, run.say),
  );
  if (settings.report === undefined) return;
  const thumbnails = settings.hasThumbnails ? await thumbnailsOf(run, evaluation.disagreements) : undefined;
  try {
    writeFileSync(
      settings.report,
      htmlReport(evaluation, { language: streams.language, ...(thumbnails && { thumbnails }) }),
      { mode: 0o600 },
    );
  } catch (error) {
    throw new BlockedError(
      text("{file} can't be written: {code}", { file: settings.report, code: codeOf(error) }),
    );
  }
}

/** One bar for all models; it begins when it is known how much there is to do. */
function openBar(isShown: boolean, say: Say) {
  let bar: ReturnType<typeof openProgress> | undefined;
  let state = { total: 0, finished: 0, fromCache: 0, failed: 0 };
  let money: AccountState | undefined;
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  const progress: RunProgress = {
    expect(count) {
      stop();
      state = { total: count, finished: 0, fromCache: 0, failed: 0 };
      if (count > 0) bar = openProgress(count, isShown, say);
    },
    spent(costMicro, currency) {
      const spentMicro = (money?.spentMicro ?? 0) + costMicro;
      money = { answeredCalls: 0, savedCalls: 0, savedMicro: undefined, spentMicro, currency };
    },
    finished({ file }, hasFailed) {
      state = { ...state, finished: state.finished + 1, failed: state.failed + (hasFailed ? 1 : 0) };
      bar?.update({ ...state, money, file });
    },
  };
  return { progress, stop, hide: () => bar?.hide() };
}
