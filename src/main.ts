import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { ArgumentError, argumentsFrom, usage } from './process/arguments.ts';
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
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}

async function start(config: Config): Promise<void> {
  const { log, lostLines } = openLog(config.log);
  if (config.workers > 1 && cluster.isPrimary) runPrimary({ workers: config.workers, log });
  else await serve(config, { log, lostLines, version });
}
