import sharp from 'sharp';
import type { Disagreement } from '../../eval/evaluation.ts';
import { deadlineIn } from '../../resilience/deadline.ts';
import { inParallel } from './in-parallel.ts';
import { openDecoder } from './photo-decoder.ts';
import type { EvalRun } from './run.ts';

const most = 500;
const edgePx = 160;
const photoMs = 600_000;

/**
 * Small JPEGs without metadata, of photos that a model has wrong.
 * @returns by hash, in base64; without photos that can't be decoded
 */
export async function thumbnailsOf(
  run: EvalRun,
  disagreements: readonly Disagreement[],
): Promise<ReadonlyMap<string, string>> {
  const { config, subjects, stop } = run;
  const hashes = new Set(disagreements.slice(0, most).map(({ sha256 }) => sha256));
  const wanted = subjects.filter(({ sha256 }) => hashes.has(sha256));
  const thumbnails = new Map<string, string>();
  if (wanted.length === 0) return thumbnails;
  const decoder = await openDecoder(run, { manifest: undefined, manifestFile: undefined });
  try {
    await inParallel(
      wanted,
      async (subject) => {
        try {
          const context = { deadline: deadlineIn(photoMs), signal: new AbortController().signal };
          const { rendition, whole = rendition } = await decoder.use(subject, (photo) =>
            photo.analyse(context),
          );
          const jpeg = await sharp(whole)
            .resize(edgePx, edgePx, { fit: 'inside' })
            .jpeg({ quality: 70 })
            .toBuffer();
          thumbnails.set(subject.sha256, jpeg.toString('base64'));
        } catch {
          // The row of the photo has its name.
        }
      },
      { atOnce: () => config.inference.processes, stop },
    );
  } finally {
    await decoder.close();
  }
  return thumbnails;
}
