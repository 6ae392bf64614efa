import { relative } from 'node:path';
import { runAlbum } from '../client/album.ts';
import type { PhotoAnswer } from '../client/answer.ts';
import { ClientError } from '../client/client-error.ts';
import { type AlbumSummary, openTally } from '../client/tally.ts';
import { type Message, sayIn, textOf } from '../messages/text.ts';
import { type Account, openAccount } from './account.ts';
import { type Backend, ownBackend, serverBackend } from './album/backend.ts';
import { awaitBetterAnswers, type ProvisionalPhoto, stillProvisional } from './album/better-answers.ts';
import { type FilePhoto, filePhoto } from './album/file-photo.ts';
import { onInterrupt } from './album/interrupt.ts';
import { type Journal, journalOrWarning } from './album/journal.ts';
import { type LeftOut, photoFiles } from './album/photo-files.ts';
import { openProgress } from './album/progress.ts';
import { openOutput, printable } from './album/rows.ts';
import { type Sortable, sortFiles } from './album/sort-files.ts';
import {
  leftOutText,
  merged,
  openCounts,
  type RunSummary,
  summaryObject,
  summaryText,
  withBetterAnswers,
} from './album/summary.ts';
import type { Invocation } from './invocation.ts';
import type { Settings } from './settings.ts';

/** Where a run writes. */
export interface Streams {
  /** Results. */
  readonly out: (text: string) => void;
  /** Everything else. */
  readonly err: (text: string) => void;
  readonly isTerminal: boolean;
  /** Of the terminal that shows the results; undefined where none does. */
  readonly columns?: number | undefined;
  /** Whether results are still read: `| head` stops. */
  readonly isRead: () => boolean;
  readonly invocation: Invocation;
  /** The command as the user can repeat it. */
  readonly command: string;
}

/**
 * Classifies files: in this process with the server's own parts and store, or by a server.
 * @returns exit code: 0 all classified, 1 some failed or could not be read, 130 interrupted
 */
export async function classify(settings: Settings, streams: Streams): Promise<number> {
  const warn = (line: string) => streams.err(`${printable(line)}\n`);
  const report = (line: string) => void (settings.isQuiet || warn(line));
  const say = sayIn(settings.language);
  for (const notice of settings.notices) report(say(notice));
  let unreadable = 0;
  const onUnreadable = (problem: Message) => {
    unreadable += 1;
    warn(say('Left out: {problem}', { problem: textOf(problem) }));
  };
  const walk = { ...settings, except: settings.sort?.into, onUnreadable };
  const { files: found, leftOut } = photoFiles(settings.paths, walk);
  const files = found.map((one) => filePhoto(one, say));
  if (settings.isDryRun) return showFiles(files, leftOut, { settings, streams });
  let account: Account | undefined;
  const backend = settings.server
    ? serverBackend(settings.server, settings)
    : await ownBackend(settings, (call) => account?.book(call));
  for (const notice of backend.notices) report(say(notice));
  const journal = journalOrWarning(settings.journal, backend, (problem) => warn(say(problem)));
  if (backend.currency !== undefined) account = openAccount(backend.currency, journal?.costMicro);
  try {
    const { run, sortable, isInterrupted } = await work(files, {
      settings,
      streams,
      backend,
      journal,
      account,
      leftOut,
    });
    if (account && account.state.spentMicro > 0)
      journal?.addCosts(account.state.answeredCalls, account.state.spentMicro);
    if (!streams.isRead()) return 0;
    if (!settings.isQuiet) streams.err(summaryText(run, say));
    if (backend.hopeless.aborted) {
      const reason = (backend.hopeless.reason as Error).message;
      warn(say('{reason}: no photo can be classified until that is fixed.', { reason }));
      report(say('The same command continues where this one stopped:'));
      report(`  ${streams.command}`);
      return 1;
    }
    if (isInterrupted) {
      report(say('Interrupted. The same command continues where this one stopped:'));
      report(`  ${streams.command}`);
      return 130;
    }
    if (run.provisional > 0)
      report(
        say(
          '{count} {count|photo has a provisional answer; a better one follows|photos have provisional answers; better ones follow}. The same command finds them later, and --wait waits for them.',
          { count: run.provisional },
        ),
      );
    const unsorted = settings.sort ? await sort(sortable, settings.sort, { settings, streams, report }) : 0;
    return run.failed + unsorted + unreadable > 0 ? 1 : 0;
  } finally {
    journal?.close();
    await backend.close();
  }
}

/** Moves, copies or links. @returns how many files failed */
async function sort(
  files: readonly Sortable[],
  options: NonNullable<Settings['sort']>,
  {
    settings,
    streams,
    report,
  }: Pick<Work, 'settings' | 'streams'> & { readonly report: (line: string) => void },
): Promise<number> {
  const say = sayIn(settings.language);
  const shown = (path: string) => {
    const short = relative(settings.folder, path);
    return short.startsWith('..') ? path : short;
  };
  const failed = await sortFiles(files, { ...options, report, shown, say });
  if (options.apply && options.sorting === 'move')
    report(say('To take it back: {command}', { command: `${streams.invocation.command} undo` }));
  return failed;
}

/** What a run would classify, and the size of it. */
function showFiles(
  files: readonly FilePhoto[],
  leftOut: LeftOut,
  { settings, streams }: Pick<Work, 'settings' | 'streams'>,
): number {
  for (const { file } of files) streams.out(`${printable(file)}\n`);
  const megabytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6;
  const say = sayIn(settings.language);
  const counts = say('{count} {count|photo|photos}, {megabytes} MB', {
    count: files.length,
    megabytes: megabytes.toFixed(1),
  });
  const list = leftOutText(leftOut, say);
  if (!settings.isQuiet) streams.err(`${counts}${list === '' ? '' : say('; left out: {list}', { list })}\n`);
  return 0;
}

interface Work {
  readonly settings: Settings;
  readonly streams: Streams;
  readonly backend: Backend;
  readonly journal: Journal | undefined;
  readonly account: Account | undefined;
  readonly leftOut: LeftOut;
}

async function work(
  files: readonly FilePhoto[],
  { settings, streams, backend, journal, account, leftOut }: Work,
) {
  const say = sayIn(settings.language);
  const progress = openProgress(files.length, settings.showsProgress && streams.isTerminal, say);
  const output = openOutput(settings.output, { ...streams, write: progress.above(streams.out), say });
  const sortable: Sortable[] = [];
  const earlier = openTally(files.length);
  const shown = openCounts();
  let lastFile: string | undefined;
  let provisional = 0;
  /** Photos to wait for. */
  const held: ProvisionalPhoto[] = [];
  const waits = settings.waits || settings.sort !== undefined || backend.laneSize !== undefined;
  /** Photos with provisional answers of an earlier run. */
  const awaited = new Set<FilePhoto>();

  function report(photo: FilePhoto, result: PhotoAnswer | ClientError, hash?: string) {
    output.add({ file: photo.file, result, ...(hash !== undefined && { hash }) });
    lastFile = photo.file;
    if (hash === undefined || result instanceof ClientError) return;
    const { category, confidence } = result;
    shown.add(result);
    if (result.betterAnswer) provisional += 1;
    else sortable.push({ photo, hash, category, confidence });
  }

  const open = files.filter((photo) => {
    const entry = settings.fresh ? undefined : journal?.find(photo);
    if (entry?.answer.betterAnswer) awaited.add(photo);
    if (!entry || entry.answer.betterAnswer || (settings.redoDegraded && entry.answer.degraded)) return true;
    const answer = { ...entry.answer, inferenceMethod: 'cache' as const };
    earlier.add(answer, false);
    if (entry.isByLlm) account?.save();
    report(photo, answer, entry.hash);
    return false;
  });

  function show(now: AlbumSummary) {
    const run = merged(earlier.summary(), now);
    progress.update({ ...run, money: account?.state, file: lastFile });
  }

  using interrupt = onInterrupt(
    () => {
      if (!streams.isRead() || settings.isQuiet) return;
      progress.hide();
      streams.err(`${say('Stopping: photos in flight finish. Ctrl-C again ends at once.')}\n`);
    },
    () => progress.stop(),
  );
  const stop = AbortSignal.any([interrupt.stop, backend.hopeless]);
  const first = await runAlbum(open, backend.transport, {
    concurrency: backend.concurrency,
    maxRetries: settings.maxRetries ?? 3,
    ...(settings.maxWaitMs !== undefined && { maxWaitMs: settings.maxWaitMs }),
    stop,
    onPhoto({ photo, hash, result: given }) {
      const result = awaited.has(photo) ? stillProvisional(given) : given;
      if (hash !== undefined && !(result instanceof ClientError)) {
        const isByLlm = backend.isByLlm?.(hash) ?? result.inferenceMethod === 'llm';
        if (isByLlm && result.inferenceMethod === 'cache') account?.save();
        journal?.add(photo, { hash, isByLlm, answer: result });
        if (waits && result.betterAnswer) return void held.push({ photo, hash, answer: result });
      }
      report(photo, result, hash);
    },
    onProgress: show,
  });
  show(first);
  progress.stop();
  const better = await awaitBetterAnswers(held, {
    ...{ ...backend, stop, settings, streams, money: () => account?.state },
    onEnd({ photo, hash }, answer, isByLlm) {
      journal?.add(photo, { hash, isByLlm, answer });
      report(photo, answer, hash);
    },
  });
  const here = withBetterAnswers(first, better);
  const money = account?.state;
  const isFine = here.degraded + here.failed === 0 && here.finished === here.total;
  const run: RunSummary = {
    ...merged(earlier.summary(), here),
    provisional,
    ...shown.counts(),
    leftOut,
    ...(money && { money }),
    failures: isFine ? [] : await backend.failures(),
  };
  output.end(summaryObject(run));
  return { run, sortable, isInterrupted: interrupt.stop.aborted };
}
