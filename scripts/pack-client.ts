/**
 * Packs the client library as the npm package `album-classifier-client`, which depends on nothing:
 * `npm run pack-client`, or `npm run pack-client -- FOLDER` for the archive.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const destination = resolve(process.argv[2] ?? '.');
const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'album-client-'));
try {
  const packed = join(folder, 'packed');
  const tsconfig = join(folder, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    rootDir: join(root, 'src/client'),
    outDir: join(packed, 'dist'),
    // Nothing of Node.js: the library runs in browsers.
    lib: ['es2024', 'dom', 'dom.asynciterable'],
    types: [],
  };
  const files = [join(root, 'src/client/client.ts')];
  writeFileSync(
    tsconfig,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
  );
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', tsconfig], {
    stdio: 'inherit',
  });
  copyFileSync(join(root, 'LICENSE'), join(packed, 'LICENSE'));
  copyFileSync(join(root, 'docs/client.md'), join(packed, 'README.md'));
  const manifest = {
    name: 'album-classifier-client',
    version,
    description: 'Client library of album-classifier for Node.js, browsers and React Native',
    license,
    type: 'module',
    sideEffects: false,
    exports: {
      '.': { types: './dist/client.d.ts', default: './dist/client.js' },
      './package.json': './package.json',
    },
    // React Native's bundler reads these where it ignores `exports`.
    main: './dist/client.js',
    types: './dist/client.d.ts',
    files: ['dist'],
    engines: { node: '>=20' },
  };
  writeFileSync(join(packed, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  execFileSync('npm', ['pack', '--pack-destination', destination], { cwd: packed, stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true });
}
