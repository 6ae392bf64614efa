/**
 * A child of the pool that does what its "photo" says, instead of decoding it: `pid`, `nap` (300 ms), `hold` (until SIGUSR2), `crash`,
 * `hang`, `broken`, `refuse`, `grow` (in memory). Its options decide how it starts: fit, unfit or not at all, and so
 * until a number of starts have been tried, counted in a file.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { UndecodableError } from '../../src/errors.ts';
import { serveJobs } from '../../src/image/pool/serve-jobs.ts';

export interface OddChildOptions {
  /** One line is appended for each start. */
  readonly startsFile?: string;
  /** How the first starts go; all later ones are as they should be. */
  readonly firstStarts?: { readonly count: number; readonly as: 'unfit' | 'failed' };
}

const kept: Buffer[] = [];
const letGo = Promise.withResolvers<void>();
process.on('SIGUSR2', () => letGo.resolve());

serveJobs(async (given) => {
  const { startsFile, firstStarts } = given as OddChildOptions;
  if (startsFile) appendFileSync(startsFile, `${process.pid}\n`);
  const starts = startsFile ? readFileSync(startsFile, 'utf8').trim().split('\n').length : Infinity;
  const odd = firstStarts && starts <= firstStarts.count ? firstStarts.as : undefined;
  if (odd === 'failed') throw new Error('this child does not start');
  return {
    ...(odd === 'unfit' && { unfit: 'golden input cat.png is off' }),
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
          throw new UndecodableError('truncated_image', 'cut short');
        case 'grow':
          for (;;) {
            kept.push(Buffer.alloc(8 * 2 ** 20, 1));
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        case 'nap':
          await new Promise((resolve) => setTimeout(resolve, 300));
          break;
        case 'hold':
          await letGo.promise;
      }
      return answer;
    },
  };
});
