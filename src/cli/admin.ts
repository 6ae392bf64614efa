import { openDriver } from '../compose/driver.ts';
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
  const secrets = new Set(['password', 'opsToken', 'extraBody']);
  const shown = JSON.stringify(
    loadConfig(),
    (key, value) => {
      if (key === 'apiKeys' && Array.isArray(value)) return value.map(() => '(set)');
      return secrets.has(key) && value ? '(set)' : value;
    },
    2,
  );
  process.stdout.write(`${shown}\n`);
  return 0;
}
