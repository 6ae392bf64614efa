import { openDriver } from '../compose/driver.ts';
import { printedConfig } from '../config/printed.ts';
import { loadConfig } from '../config.ts';

/** Runs the migrations that have not run yet. @returns exit code */
export async function migrate(): Promise<number> {
  const config = loadConfig();
  const store = openDriver(config);
  try {
    const ran = await store.migrate();
    process.stdout.write(ran.length > 0 ? `ran ${ran.join(', ')}\n` : 'the database is up to date\n');
    return 0;
  } finally {
    await store.close();
  }
}

/** Prints the configuration with its secrets left out. @returns exit code */
export function checkConfig(): number {
  process.stdout.write(`${printedConfig(loadConfig())}\n`);
  return 0;
}
