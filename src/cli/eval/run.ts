import type { Taxonomy } from '../../classify/taxonomy.ts';
import type { Config } from '../../config.ts';
import type { LabelledPhoto } from '../../eval/outcome.ts';
import type { Say } from '../../messages/text.ts';
import type { AnswersFile } from './answers-file.ts';
import type { HashedFile } from './photo-decoder.ts';

/** A photo to evaluate. */
export interface Subject extends LabelledPhoto, HashedFile {}

/** What all parts of one run share. */
export interface EvalRun {
  readonly config: Config;
  readonly taxonomy: Taxonomy;
  /** In the order of their hashes, so that those that a budget allows are of all categories. */
  readonly subjects: readonly Subject[];
  readonly answers: AnswersFile;
  /** Aborts when nothing more may begin. */
  readonly stop: AbortSignal;
  /** Photos that could not be opened, with the reason. */
  readonly unreadable: Map<string, string>;
  readonly progress: RunProgress;
  readonly say: Say;
}

export interface RunProgress {
  /** More answers are to come. */
  expect(count: number): void;
  finished(subject: Subject, hasFailed: boolean): void;
  spent(costMicro: number, currency: string): void;
}
