/**
 * Emits JavaScript for the command line into `dist/`, as Node strips no types below node_modules:
 * `npm run build`, and before the package is packed.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
for (const file of globSync('src/**/*.json', { cwd: root }))
  copyFileSync(join(root, file), join(dist, relative('src', file)));
// The compiler rewrites imports only; URLs name the entries of processes and threads.
const entry = /new URL\('(\.{1,2}\/[\w./-]+)\.ts', import\.meta\.url\)/g;
for (const file of globSync('**/*.js', { cwd: dist })) {
  const text = readFileSync(join(dist, file), 'utf8');
  if (entry.test(text))
    writeFileSync(join(dist, file), text.replace(entry, "new URL('$1.js', import.meta.url)"));
}
chmodSync(join(dist, 'cli.js'), 0o755);
