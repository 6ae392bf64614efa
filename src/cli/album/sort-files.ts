import { existsSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { Say } from '../../messages/text.ts';
import { type FilePhoto, sha256OfFile } from './file-photo.ts';
import { videoOf } from './live-photo.ts';
import { type MoveLog, openMoveLog } from './move-log.ts';
import { namesFor, PlaceError, placeFile, type Sorting, type SourceFile } from './place-file.ts';
import { openPlan, type Plan } from './plan.ts';

export interface SortOptions {
  readonly sorting: Sorting;
  /** The folder that gets a folder for each category. */
  readonly into: string;
  /** Without it, nothing is touched. */
  readonly apply: boolean;
  /** Photos with a lower confidence stay where they are. */
  readonly minConfidence?: number;
  /** Where the log of moves goes. */
  readonly logFolder: string;
  readonly report: (line: string) => void;
  readonly say: Say;
  /** How the user sees a path. Default: unchanged. */
  readonly shown?: (path: string) => string;
}

export interface Sortable {
  readonly photo: FilePhoto;
  readonly hash: string;
  readonly category: string;
  readonly confidence: number;
}

const sentences = {
  move: {
    planned: 'would move {file} → {path}',
    done: 'moved {file} → {path}',
    failed: 'not moved: {file}: {reason}',
    plannedCount: '{count} {count|file|files} to move',
    doneCount: '{count} moved',
  },
  copy: {
    planned: 'would copy {file} → {path}',
    done: 'copied {file} → {path}',
    failed: 'not copied: {file}: {reason}',
    plannedCount: '{count} {count|file|files} to copy',
    doneCount: '{count} copied',
  },
  link: {
    planned: 'would link {file} → {path}',
    done: 'linked {file} → {path}',
    failed: 'not linked: {file}: {reason}',
    plannedCount: '{count} {count|file|files} to link',
    doneCount: '{count} linked',
  },
} as const;

/** A server chooses the category, which becomes the name of a folder. */
const folderPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/**
 * Sorts files into a folder for each category, one after another. The video of a Live Photo moves with its photo.
 * @returns how many files failed
 */
export async function sortFiles(files: readonly Sortable[], options: SortOptions): Promise<number> {
  const { sorting, apply, minConfidence = 0, report, say } = options;
  const { plannedCount, doneCount } = sentences[sorting];
  const sure = files.filter(({ confidence }) => confidence >= minConfidence);
  const counts = { placed: 0, there: 0, failed: 0 };
  const log = sorting === 'move' && apply && sure.length > 0 ? openMoveLog(options.logFolder) : undefined;
  try {
    const plan = apply ? undefined : openPlan(sorting);
    for (const file of sure) await sortOne(file, { ...options, log, plan }, counts);
  } finally {
    log?.close();
  }
  const unsure = files.length - sure.length;
  const parts = [say(apply ? doneCount : plannedCount, { count: counts.placed })];
  if (counts.there > 0) parts.push(say('{count} there already', { count: counts.there }));
  if (counts.failed > 0) parts.push(say('{count} left where they are', { count: counts.failed }));
  if (unsure > 0)
    parts.push(
      say('{count} below a confidence of {confidence}', { count: unsure, confidence: minConfidence }),
    );
  report(parts.join(say(', ')));
  if (!apply && counts.placed > 0) report(say('Nothing was touched: add --apply to do it.'));
  return counts.failed;
}

type Counts = Record<'placed' | 'there' | 'failed', number>;

async function sortOne(
  { photo, hash, category }: Sortable,
  options: SortOptions & { readonly log: MoveLog | undefined; readonly plan: Plan | undefined },
  counts: Counts,
): Promise<void> {
  const { sorting, into, report, say, shown = (path: string) => path, log, plan } = options;
  const { planned, done, failed } = sentences[sorting];
  const folder = join(into, category);
  try {
    if (!folderPattern.test(category)) throw new PlaceError('its category is no name for a folder');
    if (!photo.isNamedByPath) throw new PlaceError('its name is not UTF-8; rename it first');
    const found = sorting === 'move' ? await videoOf(photo.path).catch(() => undefined) : undefined;
    // An earlier photo of that name takes it along.
    const video = found && !plan?.isTaken(found.path) ? found : undefined;
    const file = video ? say('{file} with {video}', { file: photo.file, video: video.name }) : photo.file;
    const isFree = (path: string) => !existsSync(path) && !plan?.isTaken(path);
    const names = () =>
      namesWith(photo.name, video && ((name) => isFree(join(folder, videoName(name, video)))));
    const { path, wasThere } = plan
      ? await plan.place(photo, hash, folder, names)
      : await placeFile(photo, hash, folder, sorting, names);
    if (!wasThere) log?.add({ from: photo.path, to: path, sha256: hash });
    counts[wasThere ? 'there' : 'placed'] += 1;
    const sentence = wasThere ? 'already there: {file} → {path}' : plan ? planned : done;
    report(say(sentence, { file, path: shown(path) }));
    if (video && plan) for (const one of [video.path, join(folder, videoName(path, video))]) plan.take(one);
    else if (video) await moveVideo(video, path, log);
  } catch (error) {
    if (!(error instanceof PlaceError)) throw error;
    counts.failed += 1;
    report(say(failed, { file: photo.file, reason: error.text }));
  }
}

const videoName = (photoName: string, video: SourceFile) =>
  `${parse(photoName).name}${parse(video.name).ext}`;

/** Names under which the video is free too. */
function* namesWith(name: string, isVideoFree = (_: string) => true): Generator<string> {
  for (const one of namesFor(name)) if (isVideoFree(one)) yield one;
}

/** @throws PlaceError */
async function moveVideo(video: SourceFile, photoPath: string, log: MoveLog | undefined): Promise<void> {
  const { dir, base } = parse(photoPath);
  const sha256 = await sha256OfFile(video.path);
  const { path, wasThere } = await placeFile(video, sha256, dir, 'move', () => [videoName(base, video)]);
  if (!wasThere) log?.add({ from: video.path, to: path, sha256 });
}
