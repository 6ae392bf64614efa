import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Presets, SingleBar } from 'cli-progress';
import type { Answer } from '../classify/classifier.ts';
import { loadConfig } from '../config.ts';
import { AppError } from '../errors.ts';
import { receivedUpload } from '../image/receive.ts';
import { openLog } from '../log.ts';
import { deadlineIn } from '../resilience/deadline.ts';
import { openServices, type Services } from '../services.ts';
import { photoFiles } from './photo-files.ts';

interface Row {
  readonly file: string;
  readonly answer?: Answer;
  readonly error?: string;
}

/**
 * Classifies files in this process, with the server's own parts and store; results on standard output, progress on
 * standard error. @returns exit code: 0 all classified, 1 some failed
 */
export async function classifyPaths(
  paths: readonly string[],
  { concurrency, json }: { concurrency: number; json: boolean },
): Promise<number> {
  const files = photoFiles(paths);
  const config = loadConfig();
  const log = openLog({ ...config.log, level: 'warn', toStderr: true });
  const services = openServices(config, log);
  await services.ready();
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  const bar = new SingleBar(
    { format: '{bar} {percentage}% | {value}/{total} photos | {duration_formatted} | {eta_formatted} left' },
    Presets.shades_classic,
  );
  const rows: Row[] = new Array(files.length);
  const startedMs = performance.now();
  bar.start(files.length, 0);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < files.length && !interrupted.signal.aborted; index = next++) {
      rows[index] = await rowOf(
        files[index] ?? '',
        services,
        config.limits.fileBytes,
        config.limits.singleMs,
      );
      bar.increment();
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, work));
  } finally {
    bar.stop();
    await services.close();
  }
  const done = rows.filter((row) => row !== undefined);
  process.stdout.write(json ? `${JSON.stringify(done.map(shown), null, 2)}\n` : tableOf(done));
  process.stderr.write(`${summaryOf(done, performance.now() - startedMs)}\n`);
  if (interrupted.signal.aborted) return 130;
  return done.every((row) => row.answer) ? 0 : 1;
}

async function rowOf(file: string, services: Services, limitBytes: number, deadlineMs: number): Promise<Row> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > limitBytes) return { file, error: `larger than ${limitBytes / 1_000_000} MB` };
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const photo = services.photos.open(receivedUpload(bytes, sha256, () => {}));
    try {
      const context = {
        deadline: deadlineIn(deadlineMs),
        signal: new AbortController().signal,
        lane: 'batch' as const,
      };
      const answer = await services.classifier.classify(photo, context);
      await answer.written;
      return { file, answer };
    } finally {
      photo.close();
    }
  } catch (error) {
    if (error instanceof AppError) return { file, error: error.message };
    return { file, error: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
  }
}

function shown({ file, answer, error }: Row) {
  if (!answer) return { file, error };
  const { category, confidence, description, model, method } = answer.classification;
  const inferenceMethod = answer.from === 'model' ? method : 'cache';
  return { file, category, confidence, description, inference_method: inferenceMethod, model };
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const { file, category, confidence, inference_method, error } = shown(row);
    return [file, category ?? 'failed', confidence?.toFixed(2) ?? '', inference_method ?? error ?? ''];
  });
  const table = [['FILE', 'CATEGORY', 'CONFIDENCE', 'BY'], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function summaryOf(rows: readonly Row[], durationMs: number): string {
  const answers = rows.flatMap(({ answer }) => (answer ? [answer] : []));
  const cached = answers.filter(({ from }) => from !== 'model').length;
  const byLlm = answers.filter((one) => one.from === 'model' && one.classification.method === 'llm').length;
  const seconds = durationMs / 1000;
  return (
    `${answers.length}/${rows.length} classified in ${seconds.toFixed(1)} s ` +
    `(${(rows.length / seconds).toFixed(1)} photos a second): ${cached} from the cache, ${byLlm} by the LLM, ` +
    `${answers.length - cached - byLlm} by the local model, ${rows.length - answers.length} failed`
  );
}
