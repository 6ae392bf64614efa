import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { exportedMetrics } from './support/exported-metrics.ts';

const documents = ['*.md', 'docs/**/*.md', 'deploy/**/*.md', 'models/**/*.md'].flatMap((one) =>
  globSync(one),
);

/** The fragment that GitHub gives a heading. */
const fragmentOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

function fragmentsIn(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    fragmentOf(heading),
  );
}

test('every link between documents leads to a file and to a heading in it', () => {
  const broken = documents.flatMap((document) =>
    [...readFileSync(document, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', fragment] = link.split('#');
        const target = path === '' ? document : join(dirname(document), path);
        if (!existsSync(target)) return true;
        return fragment !== undefined && !fragmentsIn(target).includes(fragment);
      })
      .map((link) => `${document}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('the README has at most 200 lines', () => {
  expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThanOrEqual(201);
});

test('the Chinese README says the same in the same order', () => {
  const outline = (file: string) => {
    const text = readFileSync(file, 'utf8');
    const withoutComments = (block: string) => block.replace(/\s+(#|\/\/) .*$/gm, '');
    return {
      headings: [...text.matchAll(/^(#+) /gm)].map(([, level]) => level),
      blocks: [...text.matchAll(/^```[\s\S]*?^```/gm)].map(([block]) => withoutComments(block)),
      rows: [...text.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, first]) => first),
      defaults: [...text.matchAll(/^\| `[A-Z_]+` \|.*\|(.*)\|$/gm)].map(([, last]) => last),
      points: [...text.matchAll(/^- /gm)].length,
      links: [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link).sort(),
    };
  };
  const links = ({ links, ...rest }: ReturnType<typeof outline>) => ({
    ...rest,
    links: [...new Set(links)].filter((link) => !/README|start-/.test(link ?? '')),
  });
  expect(links(outline('README.zh-CN.md'))).toEqual(links(outline('README.md')));
});

test('docs/benchmarks.md names every benchmark that has arguments or results of its own', () => {
  const page = readFileSync('docs/benchmarks.md', 'utf8');
  const named = [...page.matchAll(/^\| `([a-z-]+\.ts)`/gm)].map(([, file = '']) => file);
  const runnable = globSync('bench/*.ts')
    .filter((file) => readFileSync(file, 'utf8').includes('npm run bench'))
    .map((file) => file.replace('bench/', ''));
  expect(named.filter((file) => !existsSync(join('bench', file)))).toEqual([]);
  expect(runnable.filter((file) => !named.includes(file))).toEqual([]);
});

test('every decision has a status, a date and an occasion to revisit it, is short and is listed', () => {
  const index = readFileSync('docs/decisions/README.md', 'utf8');
  const decisions = globSync('docs/decisions/[0-9]*.md');
  const faulty = decisions.filter((file) => {
    const text = readFileSync(file, 'utf8');
    const [title = '', , status = ''] = text.split('\n');
    const number = Number(/(\d{4})-/.exec(file)?.[1]);
    return !(
      title.startsWith(`# ${number}. `) &&
      /^Status: \w+\. Date: \d{4}-\d\d-\d\d\..* Revisit when: .+\.$/.test(status) &&
      text.split(/\s+/).length <= 600 &&
      index.includes(`| ${number} | [${title.replace(/^# \d+\. /, '')}](${basename(file)}) |`)
    );
  });
  expect(faulty).toEqual([]);
});

test('the runbook has a section for every alert, and no other', () => {
  const alerts = readFileSync('deploy/prometheus/alerts.yml', 'utf8').matchAll(/alert: (\w+)/g);
  const sections = readFileSync('docs/runbook.md', 'utf8').matchAll(/^## (\w+)$/gm);
  expect([...sections].map(([, name]) => name)).toEqual([...alerts].map(([, name]) => name));
});

test('every fault in docs/reliability.md names a test that exists and metrics that are exported', async () => {
  const page = readFileSync('docs/reliability.md', 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.split(' | ').length === 5);
  const faults = rows.filter((row) => !row.startsWith('| Fault |') && !row.startsWith('| --- '));
  expect(faults.length).toBeGreaterThan(30);
  const untested = faults.filter((row) => !existsSync(/`(tests\/\S+\.test\.ts)` \|$/.exec(row)?.[1] ?? ''));
  expect(untested).toEqual([]);
  const recorded = faults.flatMap((row) => [
    ...(row.split(' | ')[2] ?? '').matchAll(/`([a-z]+(?:_[a-z]+)+)`/g),
  ]);
  const names = [...(await exportedMetrics())];
  const isExported = (name: string) => names.some((one) => one.startsWith(`album_${name}`));
  const unknown = recorded.map(([, name = '']) => name).filter((name) => !isExported(name));
  expect(unknown).toEqual([]);
});

test('every source file that a document names exists', () => {
  const files = globSync('{src,tests,bench,scripts,deploy,migrations,docs,models}/**/*');
  const exists = (name: string) => existsSync(name) || files.some((file) => file.endsWith(`/${name}`));
  const missing = documents
    .filter((document) => document !== 'CHANGELOG.md')
    .flatMap((document) =>
      [...readFileSync(document, 'utf8').matchAll(/`(\w[\w./-]*\.(?:ts|js|json|conf|yml|sql|service))`/g)]
        .map(([, name = '']) => name)
        .filter((name) => !name.includes('NNN') && !exists(name))
        .map((name) => `${document}: ${name}`),
    );
  expect(missing).toEqual([]);
});

test('every setting that a document names exists', () => {
  const known = readFileSync('docs/configuration.md', 'utf8');
  const others =
    /^(GET_LOCK|SCHED_NONE|ALL_TESTS|REQUIRE_|TEST_|SIMULATION_|BENCH_|ONNXRUNTIME_|NODE_|XDG_|ORT_|MALLOC_)/;
  const missing = documents
    .filter((document) => document !== 'CHANGELOG.md')
    .flatMap((document) =>
      [...readFileSync(document, 'utf8').matchAll(/`([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)(?:=[^`]*)?`/g)]
        .map(([, name = '']) => name)
        .filter((name) => !others.test(name) && !known.includes(`\`${name}\``))
        .map((name) => `${document}: ${name}`),
    );
  expect(missing).toEqual([]);
});

test('the API page explains every error code', () => {
  const source = ['src/errors.ts', 'src/http/problem.ts']
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const declared = [
    ...source.matchAll(/\bcode(?::| =)([^;,]*)[;,]|RefusedError\(\s*\w+,\s*('\w+')/g),
  ].flatMap(([, codes = '', refused = '']) =>
    [...`${codes}${refused}`.matchAll(/'([a-z_]+)'/g)].map(([, code]) => code),
  );
  const [, table = ''] = readFileSync('docs/api.md', 'utf8').split('## Errors');
  const explained = [...table.matchAll(/^\| `([a-z_]+)` \| \dxx|^\| `([a-z_]+)` \| \d{3}/gm)].map(
    ([, rare, code]) => rare ?? code,
  );
  expect([...explained].sort()).toEqual([...new Set(declared)].sort());
});
