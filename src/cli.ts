import { parseArgs } from 'node:util';
import { checkConfig, migrate } from './cli/admin.ts';
import { classifyPaths } from './cli/classify.ts';
import { UsageError } from './cli/usage-error.ts';
import { ConfigError } from './config.ts';

const usage = `album-classifier

  classify PATHS…   classify photo files, and folders with all that is below them
  migrate           bring the database up to date
  check-config      print the configuration that the environment amounts to

Options of classify:
  --concurrency N   photos at once (default: 4)
  --json            a JSON document instead of a table
  -h, --help        this text

Configuration comes from the environment and .env, as for the server: see README.md.
Exit codes: 0 all classified, 1 some photos failed, 2 wrong usage.
`;

async function run(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      concurrency: { type: 'string', default: '4' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [command, ...paths] = positionals;
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  switch (command) {
    case 'classify':
      return classifyPaths(paths, { concurrency: concurrencyFrom(values.concurrency), json: values.json });
    case 'migrate':
      return migrate();
    case 'check-config':
      return checkConfig();
    default:
      throw new UsageError(command === undefined ? 'no command given' : `there is no command ${command}`);
  }
}

function concurrencyFrom(text: string): number {
  const concurrency = Number(text);
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 256) return concurrency;
  throw new UsageError('--concurrency must be a whole number from 1 to 256');
}

function isUsageError(error: unknown): error is Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return error instanceof UsageError || error instanceof ConfigError || code.startsWith('ERR_PARSE_ARGS');
}

try {
  process.exitCode = await run();
} catch (error) {
  if (!isUsageError(error)) throw error;
  process.stderr.write(`${error.message}\n${error instanceof ConfigError ? '' : `\n${usage}`}`);
  process.exitCode = 2;
}
