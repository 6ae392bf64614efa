import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { ConfigError, loadConfig } from './config.ts';
import { openLog } from './log.ts';
import { letHeapGrow } from './process/heap.ts';
import { runPrimary } from './process/primary.ts';
import { serve } from './process/serve.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

letHeapGrow();
try {
  const config = loadConfig();
  const log = openLog(config.log);
  if (config.workers > 1 && cluster.isPrimary) runPrimary({ workers: config.workers, log });
  else await serve(config, log, version);
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
