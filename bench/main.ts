/** `npm run bench` prints the table of table.ts; `npm run bench bench/FILE.ts -- …` runs another benchmark. */
import { pathToFileURL } from 'node:url';

process.env.ORT_DISABLE_TELEMETRY = '1';
const [, , file] = process.argv;
if (file?.endsWith('.ts')) {
  process.argv.splice(1, 1);
  await import(pathToFileURL(file).href);
} else await import('./table.ts');
