import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { ArgumentError, argumentsFrom, usage } from './process/arguments.ts';
import { closeLimitMs } from './process/drain.ts';
import { cannotStart } from './process/exit-codes.ts';
import { letHeapGrow } from './process/heap.ts';
import { openLog } from './process/log.ts';
import { runPrimary } from './process/primary.ts';
import { serve } from './process/serve.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

letHeapGrow();
try {
  const given = argumentsFrom(process.argv.slice(2));
  if (typeof given === 'string') process.stdout.write(given === 'help' ? usage : `${version}\n`);
  else await start(loadConfig('.env', given));
} catch (error) {
  if (error instanceof ArgumentError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  const isConfigError = error instanceof ConfigError;
  process.stderr.write(`${isConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(cluster.isWorker && isConfigError ? cannotStart : 1);
}

async function start(config: Config): Promise<void> {
  const { log, lostLines } = openLog(config.log);
  const { workers, shutdownGraceMs, drainTimeoutMs } = config;
  if (workers > 1 && cluster.isPrimary)
    runPrimary({ workers, stopTimeoutMs: shutdownGraceMs + drainTimeoutMs + closeLimitMs + 2_000, log });
  else await serve(config, { log, lostLines, version });
}
