import { printedConfig } from '../config/printed.ts';
import type { Config } from '../config.ts';
import type { Say } from '../messages/text.ts';
import { withStore } from './with-store.ts';

/** Runs the migrations that have not run yet. @returns exit code */
export function migrate(config: Config, say: Say): Promise<number> {
  return withStore(config, async (_, migrations) => {
    const ran =
      migrations.length > 0
        ? say('ran {migrations}', { migrations: migrations.join(', ') })
        : say('the database is up to date');
    process.stdout.write(`${ran}\n`);
    return 0;
  });
}

/** Prints the configuration with its secrets left out. @returns exit code */
export function checkConfig(config: Config, say: Say): number {
  const warnings = config.warnings.map((one) => say(one));
  process.stdout.write(`${printedConfig({ ...config, warnings })}\n`);
  return 0;
}
