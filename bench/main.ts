/** Prints the table of table.ts, or runs the benchmark that the first argument names. */
import { pathToFileURL } from 'node:url';

process.env.ORT_DISABLE_TELEMETRY = '1';
const [, , file] = process.argv;
if (file?.endsWith('.ts')) {
  process.argv.splice(1, 1);
  await import(pathToFileURL(file).href);
} else await import('./table.ts');
