import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const packages: Record<string, LockedPackage> = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
).packages;
const installed = Object.entries(packages).filter(
  ([path, { link }]) => path.startsWith('node_modules/') && !link,
);

/** Of packages that run in production; docs/licences.md says what the LGPL asks for. */
const allowed = [
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
];
const weakCopyleft = /^(LGPL-3\.0|LGPL-3\.0-or-later)$/;

test('every locked package has a checksum, or is a platform package that the registry mirror does not carry', () => {
  const without = installed.filter(([, { integrity, optional }]) => integrity === undefined && !optional);
  expect(without.map(([path]) => path)).toEqual([]);
});

test('the lockfile names no registry', () => {
  expect(installed.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
});

test('no package needs a script to be installed', () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
  // It would download the CUDA runtime.
  expect(scripted).toEqual(['node_modules/onnxruntime-node']);
});

test('the binaries of Node.js have a checksum for every system, and one version', () => {
  const { version, optionalDependencies = {} } = packages['scripts/node'] ?? {};
  for (const [name, wanted] of Object.entries(optionalDependencies)) {
    const { integrity, dev, ...locked } = packages[`node_modules/${name}`] ?? {};
    expect({ name, wanted, version: locked.version, dev, isChecked: integrity !== undefined }).toEqual({
      name,
      wanted: version,
      version,
      dev: true,
      isChecked: true,
    });
  }
});

test('packages that run in production have licences that docs/licences.md covers', () => {
  const page = readFileSync('docs/licences.md', 'utf8');
  const foreign = installed
    .filter(([, { dev, license }]) => !dev && license !== undefined)
    .filter(([path, { license = '' }]) => {
      const terms = license.replace(/[()]/g, '').split(/ (?:AND|OR) /);
      const isCovered = page.includes(path.includes('sharp') ? 'libvips' : path.replace('node_modules/', ''));
      return !terms.every((term) => allowed.includes(term) || (weakCopyleft.test(term) && isCovered));
    });
  expect(foreign.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
});

test('the HEIC decoder, which runs on files of strangers, has one exact version', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(dependencies['libheif-js']).toBe(packages['node_modules/libheif-js']?.version);
});
