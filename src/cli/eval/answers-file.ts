import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isLasting, type Outcome } from '../../eval/outcome.ts';

/** Who is asked, and how: an answer counts for the same model and question only. */
export interface Question {
  readonly model: string;
  /** Digest of all that may change an answer. */
  readonly version: string;
}

/** Answers of all runs, so that no photo is paid for twice. */
export interface AnswersFile {
  /** Answers to a question so far, by the photo's hash. */
  outcomesOf(question: Question): Map<string, Outcome>;
  /** Failures that asking again may change are not kept. */
  add(question: Question, sha256: string, outcome: Outcome): void;
  close(): void;
}

type Line = Question & { readonly sha256: string; readonly outcome: Outcome };

/**
 * A file of JSON lines. Each is written before the next photo begins, so a killed run loses no answer that it has.
 * @throws Error with the code of the file system
 */
export function openAnswersFile(file: string): AnswersFile {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  const handle = openSync(file, 'a', 0o600);
  const text = readFileSync(file, 'utf8');
  const known = new Map<string, Map<string, Outcome>>();
  const keyOf = ({ model, version }: Question) => `${version} ${model}`;
  const outcomesOf = (question: Question) => {
    const outcomes = known.get(keyOf(question)) ?? new Map<string, Outcome>();
    known.set(keyOf(question), outcomes);
    return outcomes;
  };
  for (const line of text.split('\n').map(parsed))
    if (line !== undefined) outcomesOf(line).set(line.sha256, line.outcome);
  // A run that was killed within a line leaves half of it.
  if (text !== '' && !text.endsWith('\n')) writeSync(handle, '\n');
  return {
    outcomesOf,
    add({ model, version }, sha256, outcome) {
      outcomesOf({ model, version }).set(sha256, outcome);
      if (!isLasting(outcome)) return;
      const line: Line = { model, version, sha256, outcome };
      writeSync(handle, `${JSON.stringify(line)}\n`);
    },
    close: () => closeSync(handle),
  };
}

function parsed(line: string): Line | undefined {
  try {
    const value = JSON.parse(line);
    const { category, failure } = value.outcome;
    const isWhole = typeof value.sha256 === 'string' && typeof (category ?? failure) === 'string';
    return isWhole ? value : undefined;
  } catch {
    return undefined;
  }
}
