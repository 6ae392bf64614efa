/**
 * Adds to package-lock.json the optional platform packages that a registry mirror doesn't carry: npm leaves them out
 * of the lockfile, and `npm ci` then refuses it. `npm run lockfile` runs it after npm.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Package {
  version: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const file = new URL('../package-lock.json', import.meta.url);
const lock: { packages: Record<string, Package> } = JSON.parse(readFileSync(file, 'utf8'));

const systems = ['android', 'darwin', 'freebsd', 'linux', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

for (const { dev, optionalDependencies = {} } of Object.values(lock.packages))
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const words = name.split(/[/-]/);
    const os = systems.filter((system) => words.includes(system));
    const cpu = processors.filter((processor) => words.includes(processor));
    const path = `node_modules/${name}`;
    if (path in lock.packages || os.length === 0 || cpu.length === 0 || !/^\d/.test(version)) continue;
    const libc = words.includes('musl') ? { libc: ['musl'] } : {};
    lock.packages[path] = { version, cpu, ...(dev && { dev }), ...libc, optional: true, os };
    console.log(`added ${name}@${version}`);
  }

const [root, ...others] = Object.entries(lock.packages);
if (root === undefined) throw new Error('package-lock.json has no packages');
lock.packages = Object.fromEntries([root, ...others.sort(([a], [b]) => (a < b ? -1 : 1))]);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
