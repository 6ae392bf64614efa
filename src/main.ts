import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { type Config, ConfigError, loadConfig, userEnvironment } from './config.ts';
import { languageIn, languageOfSystem } from './messages/language.ts';
import { inLanguage } from './messages/text.ts';
import { ArgumentError, argumentsFrom, usage } from './process/arguments.ts';
import { closeLimitMs } from './process/drain.ts';
import { cannotStart } from './process/exit-codes.ts';
import { letHeapGrow } from './process/heap.ts';
import { openLog } from './process/log.ts';
import { runPrimary } from './process/primary.ts';
import { serve } from './process/serve.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const args = process.argv.slice(2);
const language = languageIn(args) ?? languageOfSystem(userEnvironment());

letHeapGrow();
try {
  const given = argumentsFrom(args);
  if (typeof given === 'string') process.stdout.write(given === 'help' ? usage[language] : `${version}\n`);
  else await start(loadConfig('.env', given));
} catch (error) {
  if (error instanceof ArgumentError) {
    process.stderr.write(`${inLanguage(language, error.text)}\n`);
    process.exit(2);
  }
  const isConfigError = error instanceof ConfigError;
  process.stderr.write(`${isConfigError ? error.inLanguage(language) : (error as Error).stack}\n`);
  process.exit(cluster.isWorker && isConfigError ? cannotStart : 1);
}

async function start(config: Config): Promise<void> {
  const { log, lostLines } = openLog(config.log);
  const { workers, shutdownGraceMs, drainTimeoutMs } = config;
  if (workers > 1 && cluster.isPrimary)
    runPrimary({ workers, stopTimeoutMs: shutdownGraceMs + drainTimeoutMs + closeLimitMs + 2_000, log });
  else await serve(config, { log, lostLines, version, language });
}
