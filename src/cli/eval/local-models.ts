import { createHash } from 'node:crypto';
import { composeLocalModel, type LocalModel } from '../../compose/local-model.ts';
import { ConfigError } from '../../config.ts';
import { AppError, PhotoError } from '../../errors.ts';
import type { EvaluatedModel, ModelAnswer } from '../../eval/outcome.ts';
import { text } from '../../messages/text.ts';
import { deadlineIn } from '../../resilience/deadline.ts';
import { inParallel } from './in-parallel.ts';
import { openDecoder, wordsOf } from './photo-decoder.ts';
import type { EvalRun } from './run.ts';

const photoMs = 600_000;

export interface EvaluatedLocalModel extends EvaluatedModel {
  readonly isSuspect: LocalModel['isSuspect'];
}

/**
 * Runs a local model on all photos without a kept answer.
 * @param modelDir folder of the model
 * @throws ConfigError the model can't be used
 */
export async function runLocalModel(run: EvalRun, modelDir: string): Promise<EvaluatedLocalModel> {
  const { taxonomy, answers, subjects, unreadable, progress } = run;
  const config = {
    ...run.config,
    strategy: 'local-first' as const,
    inference: { ...run.config.inference, modelDir },
  };
  const local = composeLocalModel(config, taxonomy);
  const { manifest, classifier, isSure, isSuspect } = local;
  if (!manifest || !classifier)
    throw new ConfigError([text('{folder} holds no model', { folder: modelDir })]);
  const { model } = manifest;
  // Labels become categories by the taxonomy.
  const asked = JSON.stringify([
    manifest.sha256,
    taxonomy.categories.map(({ key, labels }) => [key, labels]),
  ]);
  const question = { model, version: createHash('sha256').update(asked).digest('hex').slice(0, 16) };
  const outcomes = answers.outcomesOf(question);
  const missing = subjects.filter(({ sha256 }) => !outcomes.has(sha256));
  progress.expect(missing.length);
  // Without work to do no process starts, but a model that is new here is checked.
  const decoder = missing.length > 0 ? await openDecoder({ ...run, config }, local) : undefined;
  try {
    await inParallel(
      missing,
      async (subject) => {
        const context = {
          deadline: deadlineIn(photoMs),
          signal: new AbortController().signal,
          lane: 'batch' as const,
        };
        const startedAt = performance.now();
        try {
          const answer = await decoder?.use(subject, (photo) => classifier.classify(photo, context));
          if (!answer) return;
          const { category, confidence, scores } = answer.classification;
          const durationMs = Math.round(performance.now() - startedAt);
          answers.add(question, subject.sha256, {
            ...{ category, confidence, durationMs },
            ...(scores && { scores }),
          });
          progress.finished(subject, false);
        } catch (error) {
          if (error instanceof PhotoError || !(error instanceof AppError))
            unreadable.set(subject.file, wordsOf(error, run.say));
          else answers.add(question, subject.sha256, { failure: error.code });
          progress.finished(subject, true);
        }
      },
      // One photo for each process: the time that it takes holds no wait for another one.
      { atOnce: () => config.inference.processes, stop: run.stop },
    );
  } finally {
    await decoder?.close();
  }
  const asClassification = ({ category, confidence, scores }: ModelAnswer) => ({
    ...{ category, confidence, model, method: 'local' as const },
    ...(scores && { scores }),
  });
  return {
    ...{ name: model, kind: 'local', outcomes, isSuspect },
    isSure: (answer) => isSure(asClassification(answer)),
  };
}
