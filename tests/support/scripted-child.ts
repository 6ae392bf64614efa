/**
 * A child of the pool that follows a script instead of decoding. The script is the text of its "photo": `pid`, `nap`
 * (300 ms), `hold` (until SIGUSR2), `crash`, `hang`, `broken`, `refuse`, or `grow` (in memory). Options make its first
 * starts fail, or start without a working model. A file counts the starts.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { UndecodableError } from '../../src/errors.ts';
import { serveJobs } from '../../src/image/pool/serve-jobs.ts';

export interface ScriptedChildOptions {
  /** One line is appended for each start. */
  readonly startsFile?: string;
  /** How the first starts end. Later starts succeed. */
  readonly firstStarts?: { readonly count: number; readonly as: 'model-error' | 'failed' };
}

const kept: Buffer[] = [];
const released = Promise.withResolvers<void>();
process.on('SIGUSR2', () => released.resolve());

serveJobs(async (given) => {
  const { startsFile, firstStarts } = given as ScriptedChildOptions;
  if (startsFile) appendFileSync(startsFile, `${process.pid}\n`);
  const starts = startsFile ? readFileSync(startsFile, 'utf8').trim().split('\n').length : Infinity;
  const odd = firstStarts && starts <= firstStarts.count ? firstStarts.as : undefined;
  if (odd === 'failed') throw new Error('this child does not start');
  return {
    ...(odd === 'model-error' && { modelError: 'golden input cat.png is off' }),
    async run({ bytes }) {
      const answer = { rendition: Buffer.alloc(0), widthPx: process.pid, heightPx: 1, probabilities: [1] };
      switch (bytes.toString()) {
        case 'crash':
          return process.exit(1);
        case 'hang':
          for (;;);
        case 'broken':
          throw new Error('inference failed');
        case 'refuse':
          throw new UndecodableError('truncated_image', 'The photo is cut short: it ends within its header.');
        case 'grow':
          for (;;) {
            kept.push(Buffer.alloc(8 * 2 ** 20, 1));
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        case 'nap':
          await new Promise((resolve) => setTimeout(resolve, 300));
          break;
        case 'hold':
          await released.promise;
      }
      return answer;
    },
  };
});
