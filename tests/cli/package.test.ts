import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
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

  test('classifies with the model it brought, from any folder', () => {
    copyFileSync('docs/samples/cat.jpg', join(folder, 'cat.jpg'));
    expect(run('node_modules/.bin/album-classifier', 'classify', '--csv', 'cat.jpg')).toContain(
      'cat.jpg,pets,',
    );
  });
});
