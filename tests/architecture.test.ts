import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** Folder → folders it may import; `types:` marks those of which only types may be had. */
const map: Record<string, readonly string[]> = {
  http: ['photos', 'classify', 'cache', 'image', 'stats', 'types:store'],
  photos: ['classify', 'cache', 'image', 'stats', 'types:store'],
  cache: ['classify', 'types:store', 'types:image'],
  vision: ['classify', 'image'],
  local: ['classify', 'image'],
  stats: ['classify', 'types:store', 'types:vision'],
  store: ['types:classify', 'types:image'],
  classify: ['types:image'],
  image: [],
  resilience: [],
  messages: [],
  eval: [],
  config: [],
  client: [],
};

/** Imported from anywhere. */
const freeOfAll = ['errors.ts', 'durations.ts', 'proportion.ts', 'resilience', 'messages'];

/** Entries and the composition root see everything. */
const roots = [
  'main.ts',
  'cli.ts',
  'cli',
  'child.ts',
  'services.ts',
  'compose',
  'server.ts',
  'process',
  'config.ts',
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const files = globSync('src/**/*.ts').map((file) => file.replace(/^src\//, ''));

function importsOf(file: string): Import[] {
  const text = readFileSync(join('src', file), 'utf8');
  const pattern = /^(?:import|export)\s+(type\s+)?[^;]*?from\s+'(\.[^']+)'/gm;
  return [...text.matchAll(pattern)].map(([, type, path]) => ({
    from: file,
    to: normalize(join(dirname(file), path ?? '')),
    isType: type !== undefined,
  }));
}

const folderOf = (file: string) => file.split('/')[0] ?? file;

test('folders import only what the map lets them', () => {
  const broken = files
    .filter((file) => !roots.includes(folderOf(file)))
    .flatMap(importsOf)
    .filter(({ from, to, isType }) => {
      const [source, target] = [folderOf(from), folderOf(to)];
      if (source === target || freeOfAll.includes(target)) return false;
      const allowed = map[source] ?? [];
      return !(allowed.includes(target) || (isType && allowed.includes(`types:${target}`)));
    })
    .map(({ from, to }) => `${from} → ${to}`);
  expect(broken).toEqual([]);
});

test('only config.ts reads the environment', () => {
  const readers = files.filter((file) => /process\.env\b/.test(readFileSync(join('src', file), 'utf8')));
  expect(readers).toEqual(['config.ts']);
});

test('only http/ and server.ts know Fastify', () => {
  const knowing = files.filter((file) => /from '@?fastify/.test(readFileSync(join('src', file), 'utf8')));
  expect(knowing.filter((file) => !file.startsWith('http/') && file !== 'server.ts')).toEqual([]);
});

test('the client imports nothing but itself', () => {
  const inClient = files.filter((file) => file.startsWith('client/'));
  const foreign = inClient.flatMap(importsOf).filter(({ to }) => !to.startsWith('client/'));
  expect(foreign).toEqual([]);
  const packages = inClient.filter((file) => /from '[^.]/.test(readFileSync(join('src', file), 'utf8')));
  expect(packages).toEqual([]);
});

test('only the composition names a concrete store driver', () => {
  const naming = files.filter(
    (file) =>
      !file.startsWith('store/') && importsOf(file).some(({ to }) => /^store\/(mysql|sqlite)\//.test(to)),
  );
  expect(naming).toEqual(['compose/driver.ts']);
});

test('no file is longer than 250 lines', () => {
  const written = files.filter((file) => file !== 'client/api.ts');
  const long = written.filter((file) => readFileSync(join('src', file), 'utf8').split('\n').length > 251);
  expect(long).toEqual([]);
});

test('a folder has at most 20 files', () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > 20)).toEqual([]);
});

test('no file imports itself by way of others, not even for types', () => {
  const importsByFile = new Map(files.map((file) => [file, importsOf(file).map(({ to }) => to)]));
  const done = new Set<string>();
  const path: string[] = [];
  const cycles: string[] = [];

  function visit(file: string): void {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (done.has(file)) return;
    done.add(file);
    path.push(file);
    for (const to of importsByFile.get(file) ?? []) visit(to);
    path.pop();
  }

  files.forEach(visit);
  expect(cycles).toEqual([]);
});

test('no folder is named after nothing in particular', () => {
  const folders = new Set(files.map(folderOf));
  for (const name of ['utils', 'helpers', 'common', 'types', 'services', 'lib'])
    expect(folders).not.toContain(name);
});

test('Node.js can strip the types of every file', () => {
  const all = globSync('{src,scripts,bench}/**/*.ts');
  const faulty = all.filter((file) => {
    try {
      return stripTypeScriptTypes(readFileSync(file, 'utf8')) === '';
    } catch {
      return true;
    }
  });
  expect(faulty).toEqual([]);
});
