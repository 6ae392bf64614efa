import { runAlbum } from '../client/album.ts';
import type { PhotoAnswer } from '../client/answer.ts';
import { ClientError } from '../client/client-error.ts';
import { type AlbumSummary, openTally } from '../client/tally.ts';
import { type Account, openAccount } from './account.ts';
import { type Backend, ownBackend, serverBackend } from './album/backend.ts';
import { type FilePhoto, filePhoto } from './album/file-photo.ts';
import { onInterrupt } from './album/interrupt.ts';
import { type Journal, openJournal } from './album/journal.ts';
import { photoFiles } from './album/photo-files.ts';
import { openProgress } from './album/progress.ts';
import { openOutput, printable } from './album/rows.ts';
import { type Sortable, sortFiles } from './album/sort-files.ts';
import { type RunSummary, summaryObject, summaryText } from './album/summary.ts';
import type { Settings } from './settings.ts';

/** Where a run speaks. */
export interface Streams {
  /** Results. */
  readonly out: (text: string) => void;
  /** Everything else. */
  readonly err: (text: string) => void;
  readonly isTerminal: boolean;
  /** The command as it was typed, to be told again. */
  readonly command: string;
}

/**
 * Classifies files: in this process with the server's own parts and store, or by a server.
 * @returns exit code: 0 all classified, 1 some failed or could not be read, 130 interrupted
 */
export async function classify(settings: Settings, streams: Streams): Promise<number> {
  const say = (line: string) => streams.err(`${printable(line)}\n`);
  settings.notices.forEach(say);
  let leftOut = 0;
  const onUnreadable = (problem: string) => {
    leftOut += 1;
    say(`Left out: ${problem}`);
  };
  const walk = { ...settings, except: settings.sort?.into, onUnreadable };
  const files = photoFiles(settings.paths, walk).map(filePhoto);
  let account: Account | undefined;
  const backend = settings.server
    ? serverBackend(settings.server, settings)
    : await ownBackend(settings, (call) => account?.book(call));
  backend.notices.forEach(say);
  const journal = journalFor(settings, backend, say);
  if (backend.currency !== undefined) account = openAccount(backend.currency, journal?.costMicro);
  try {
    const { run, sortable, isInterrupted } = await work(files, {
      settings,
      streams,
      backend,
      journal,
      account,
    });
    if (account && account.state.spentMicro > 0)
      journal?.addCosts(account.state.answeredCalls, account.state.spentMicro);
    streams.err(summaryText(run));
    if (backend.hopeless.aborted) {
      say(`${(backend.hopeless.reason as Error).message}: no photo can be classified until that is mended.`);
      say('The same command goes on where this one stopped:');
      say(`  ${streams.command}`);
      return 1;
    }
    if (isInterrupted) {
      say('Interrupted. The same command goes on where this one stopped:');
      say(`  ${streams.command}`);
      return 130;
    }
    const unsorted = settings.sort ? await sortFiles(sortable, { ...settings.sort, tell: say }) : 0;
    return run.failed + unsorted + leftOut > 0 ? 1 : 0;
  } finally {
    journal?.close();
    await backend.close();
  }
}

interface Work {
  readonly settings: Settings;
  readonly streams: Streams;
  readonly backend: Backend;
  readonly journal: Journal | undefined;
  readonly account: Account | undefined;
}

async function work(files: readonly FilePhoto[], { settings, streams, backend, journal, account }: Work) {
  const output = openOutput(settings.output, streams.out);
  const progress = openProgress(files.length, settings.showsProgress && streams.isTerminal);
  const sortable: Sortable[] = [];
  const earlier = openTally(files.length);

  function told(photo: FilePhoto, result: PhotoAnswer | ClientError, hash?: string) {
    output.add({ file: photo.file, result, ...(hash !== undefined && { hash }) });
    if (hash === undefined || result instanceof ClientError) return;
    sortable.push({ photo, hash, category: result.category });
  }

  const open = files.filter((photo) => {
    const entry = settings.fresh ? undefined : journal?.find(photo);
    if (!entry || (settings.redoDegraded && entry.answer.degraded)) return true;
    const answer = { ...entry.answer, inferenceMethod: 'cache' as const };
    earlier.add(answer, false);
    if (entry.isByLlm) account?.save();
    told(photo, answer, entry.hash);
    return false;
  });

  function show(now: AlbumSummary) {
    const run = merged(earlier.summary(), now);
    progress.update({ ...run, money: account?.state });
  }

  using interrupt = onInterrupt(
    () => streams.err('\nStopping: what is in flight finishes. Ctrl-C again ends at once.\n'),
    () => progress.stop(),
  );
  const here = await runAlbum(open, backend.transport, {
    concurrency: backend.concurrency,
    maxRetries: settings.maxRetries ?? 3,
    ...(settings.maxWaitMs !== undefined && { maxWaitMs: settings.maxWaitMs }),
    stop: AbortSignal.any([interrupt.stop, backend.hopeless]),
    onPhoto({ photo, hash, result }) {
      if (hash !== undefined && !(result instanceof ClientError)) {
        const isByLlm = backend.isByLlm?.(hash) ?? result.inferenceMethod === 'llm';
        if (isByLlm && result.inferenceMethod === 'cache') account?.save();
        journal?.add(photo, { hash, isByLlm, answer: result });
      }
      told(photo, result, hash);
    },
    onProgress: show,
  });
  show(here);
  progress.stop();
  const money = account?.state;
  const isFine = here.degraded + here.failed === 0 && here.finished === here.total;
  const run: RunSummary = {
    ...merged(earlier.summary(), here),
    ...(money && { money }),
    failures: isFine ? [] : await backend.failures(),
  };
  output.end(summaryObject(run));
  return { run, sortable, isInterrupted: interrupt.stop.aborted };
}

/** This run and what an earlier one had done already. */
function merged(earlier: AlbumSummary, here: AlbumSummary): Omit<RunSummary, 'failures'> {
  return {
    ...here,
    total: earlier.total,
    finished: earlier.finished + here.finished,
    succeeded: earlier.succeeded + here.succeeded,
    fromCache: earlier.fromCache + here.fromCache,
    degraded: earlier.degraded + here.degraded,
    earlier: earlier.succeeded,
  };
}

function journalFor(
  { journal }: Settings,
  backend: Backend,
  say: (line: string) => void,
): Journal | undefined {
  if (journal === undefined) return undefined;
  try {
    return openJournal(journal, backend);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    say(`No journal is kept: ${journal} can't be used (${code ?? 'unknown'}).`);
    return undefined;
  }
}
