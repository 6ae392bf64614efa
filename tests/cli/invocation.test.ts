import { expect, test } from 'vitest';
import { invocationOf } from '../../src/cli/invocation.ts';

const source = { entry: '/repo/src/cli.ts', cwd: '/repo' };
const installed = { entry: '/lib/node_modules/album-classifier/dist/cli.js', cwd: '/home/ann' };
const script = { npm_package_name: 'album-classifier', npm_lifecycle_event: 'cli', INIT_CWD: '/home/ann' };

test('a script of npm starts from the folder of the user, and names itself in hints', () => {
  expect(invocationOf(script, source)).toMatchObject({
    command: 'npm run -s cli --',
    folder: '/home/ann',
    dataFolder: undefined,
  });
});

test('a script of another package changes nothing', () => {
  const other = { ...script, npm_package_name: 'photos', npm_lifecycle_event: 'sort' };
  expect(invocationOf(other, installed)).toMatchObject({ command: 'album-classifier', folder: '/home/ann' });
  expect(invocationOf({}, source)).toMatchObject({ command: 'node src/cli.ts', folder: '/repo' });
});

test('an installed command keeps its data in the XDG data folder', () => {
  expect(invocationOf({ XDG_DATA_HOME: '/data' }, installed).dataFolder).toBe('/data/album-classifier');
  expect(invocationOf({ XDG_DATA_HOME: 'data' }, installed).dataFolder).toMatch(
    /^\/.*\/\.local\/share\/album-classifier$/,
  );
});

test.each([
  [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
  [{ LANG: 'zh_CN.UTF-8', LC_ALL: 'en_US.UTF-8' }, 'en'],
  [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'zh_TW' }, 'zh'],
  [{}, 'en'],
])('%j is a user who reads %s', (environment, language) => {
  expect(invocationOf(environment, source).language).toBe(language);
});
