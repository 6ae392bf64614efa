import { nearestOf } from '../config/nearest.ts';
import { defaultJournal } from './settings.ts';
import { UsageError } from './usage-error.ts';

export const usage = `album-classifier

  classify PATHS…   classify photo files, globs, and folders with all that is below them
  undo [LOG]        move files back that the last --move --apply moved, or the one of that log
  migrate           bring the database up to date
  versions          list what versions of results are stored
  drop VERSION      delete the results of one of them
  forget hash HEX | user ID | before DATE
                    delete a photo, a user's claims and records, or all from before a time; says how much
  keys list | create NAME [DAYS [PER_MINUTE]] | revoke ID
                    keys of clients; a new one is shown once
  check-config      print the configuration that the environment amounts to, without its secrets
  check-llm         send a sample photo to every LLM and say what came of it (--json); 1 where one
                    does not answer. Costs one call each

Who classifies
  --server URL            a running service; without it, this process does, as a server would
  --user ID               X-User-ID for the server
  (ALBUM_API_KEY)         an environment variable: the server's API key, where it wants one
  -c, --concurrency N     photos at once (also --max-concurrent); without it, as many as go well
  --timeout S             longest call
  --max-wait-time S       longest that one photo may take with all its tries
  --max-retries N         further tries of one photo
  --config FILE           JSON with max_concurrent, max_wait_time, max_retries, timeout (seconds), at the
                          top level or in a section image_generation
  --wait                  wait for the answers of the album lane, which come later at half price; without
                          it, a server goes on alone, and the same command finds them another time
  --full-price            don't use the album lane
  --data FOLDER           where results and the journal are kept

Which photos
  --hidden                also files and folders whose name begins with a dot
  --ignore PATTERN        leave out, in the manner of .gitignore; may be repeated
  --no-ignore             don't read .ignore and .albumignore files
  --journal FILE          what is done is written there and skipped next time (${defaultJournal})
  --no-journal            keep none
  --fresh                 do again what the journal says is done
  --redo-degraded         do again what a weaker model had to answer

Results, on standard output
  --table                 when all are there (default in a terminal)
  --ndjson                a JSON line for each photo as it is finished (default elsewhere)
  --json                  one JSON document
  --csv                   a line for each photo as it is finished
  --dry-run               only show which photos would be classified
  --no-progress           no progress bar on standard error
  -q, --quiet             nothing but errors on standard error
  --lang en | zh          language of the summary (default: from LANG)

Sorting the files afterwards
  --move | --copy | --link INTO   into a folder INTO/<category>; nothing is overwritten
  --apply                 do it; without, it only shows what it would do
  --min-confidence N      leave photos with a lower confidence where they are (0 to 1)

  -h, --help              this text
  --version               its version

Configuration comes from the environment and .env, as for the server: see docs/configuration.md.
Exit codes: 0 all classified, 1 some photos failed, 2 wrong usage, 130 interrupted.
`;

/** A better error for a misspelt option; undefined for any other error. */
export function unknownOption(error: unknown, options: readonly string[]): UsageError | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return undefined;
  const [, written = ''] = /'(-[^' ]*)/.exec(message) ?? [];
  const nearest = nearestOf(written, options);
  return new UsageError(`There is no option ${written}${suggestion(nearest && `--${nearest}`) || '.'}`);
}

const commands = [
  'classify',
  'undo',
  'migrate',
  'versions',
  'drop',
  'forget',
  'keys',
  'check-config',
  'check-llm',
] as const;

export function unknownCommand(written: string | undefined): UsageError {
  if (written === undefined) return new UsageError('no command given');
  return new UsageError(`there is no command ${written}${suggestion(nearestOf(written, commands))}`);
}

function suggestion(nearest: string | undefined): string {
  return nearest === undefined ? '' : `. Did you mean ${nearest}?`;
}
