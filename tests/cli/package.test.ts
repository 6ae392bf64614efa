import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-package-'));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { stdio: 'pipe' });
  const [archive = ''] = readdirSync(folder);
  const installed = join(folder, 'node_modules/album-classifier');
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  mkdirSync(installed);
  execFileSync('tar', ['-xzf', join(folder, archive), '-C', installed, '--strip-components=1']);
  // As npm does it, but for the dependencies, which are here already.
  symlinkSync(resolve('node_modules'), join(installed, 'node_modules'));
  symlinkSync('../album-classifier/dist/cli.js', join(folder, 'node_modules/.bin/album-classifier'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

describe('the installed package', () => {
  test('has a command that helps', () => {
    expect(run('node_modules/.bin/album-classifier', '--help')).toContain('classify PATHS…');
  });

  test('says in a sentence that Node.js is too old', () => {
    const older = join(folder, 'older.mjs');
    writeFileSync(older, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });");
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', older, 'node_modules/.bin/album-classifier', 'classify', '.'],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(/^This command needs Node.js 24 or newer; this is 20.20.2.$/m);
  });

  test('classifies with the model it brought, from any folder', () => {
    copyFileSync('docs/samples/cat.jpg', join(folder, 'cat.jpg'));
    expect(run('node_modules/.bin/album-classifier', 'classify', '--csv', 'cat.jpg')).toContain(
      'cat.jpg,pets,',
    );
  });
});
