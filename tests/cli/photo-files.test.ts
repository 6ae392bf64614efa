import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filePhoto } from '../../src/cli/album/file-photo.ts';
import { photoFiles, type WalkOptions } from '../../src/cli/album/photo-files.ts';
import { inLanguage, sayIn } from '../../src/messages/text.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-walk-'));
  for (const name of ['a.jpg', 'sub/b.JPEG', '.hidden/c.jpg', 'no/d.jpg', 'raw/e.png', 'f.txt', '[g].heic']) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, name);
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

const found = (paths: readonly string[], options?: WalkOptions) =>
  photoFiles(
    paths.map((path) => join(folder, path)),
    options,
  )
    .files.map(({ file }) => relative(folder, file))
    .sort();

test('a folder is all the photos below it, without hidden ones and links', () => {
  symlinkSync(folder, join(folder, 'loop'));
  symlinkSync(join(folder, 'a.jpg'), join(folder, 'again.jpg'));
  expect(found(['.'])).toEqual(['[g].heic', 'a.jpg', 'no/d.jpg', 'raw/e.png', 'sub/b.JPEG']);
  expect(found(['.'], { hidden: true })).toContain('.hidden/c.jpg');
});

test('ignore files hold for their folder and those below; patterns for all', () => {
  writeFileSync(join(folder, '.albumignore'), '/no/\n*.heic\n');
  writeFileSync(join(folder, 'sub/.ignore'), '*\n');
  expect(found(['.'], { ignore: ['raw'] })).toEqual(['a.jpg']);
  expect(found(['.'], { ignore: ['raw'], noIgnoreFiles: true })).toHaveLength(4);
});

test('a file counts as it is named, once; a glob as what it matches', () => {
  expect(found(['a.jpg', '.', 'f.txt'])).toContain('f.txt');
  expect(found(['a.jpg', 'sub/../a.jpg'])).toEqual(['a.jpg']);
  expect(found(['*/*.{jpg,png}'])).toEqual(['no/d.jpg', 'raw/e.png']);
  expect(found(['[g].heic'])).toEqual(['[g].heic']);
});

test('a folder that is named twice, by a link too, counts once', () => {
  symlinkSync(join(folder, 'sub'), join(folder, 'link'));
  expect(found(['link', 'sub', 'link/b.JPEG'])).toEqual(['link/b.JPEG']);
});

test('a folder below that can’t be read is told of and left out', () => {
  // Longer than any path may be, so that even root can't read it.
  const long = Array.from({ length: 12 }, () => 'x'.repeat(200)).join('/');
  const [inner, outer] = [join(folder, 'inner'), join(folder, 'outer', long)];
  mkdirSync(join(inner, long), { recursive: true });
  mkdirSync(outer, { recursive: true });
  renameSync(inner, join(outer, 'inner'));
  const problems: string[] = [];
  try {
    expect(found(['.'], { onUnreadable: (problem) => problems.push(inLanguage('en', problem)) })).toContain(
      'a.jpg',
    );
    expect(problems).toEqual([expect.stringContaining("can't be read: ENAMETOOLONG")]);
  } finally {
    renameSync(join(outer, 'inner'), inner);
  }
});

test('the folder that photos are sorted into is left out', () => {
  expect(found(['.'], { except: join(folder, 'raw') })).not.toContain('raw/e.png');
});

test('nothing to classify is wrong usage', () => {
  symlinkSync(join(folder, 'gone'), join(folder, 'dangling.jpg'));
  expect(() => photoFiles([])).toThrow('at least one');
  expect(() => found(['missing'])).toThrow('does not exist');
  expect(() => found(['*.tiff'])).toThrow('does not exist');
  expect(() => found(['dangling.jpg'])).toThrow('a link to nothing');
  mkdirSync(join(folder, 'empty'));
  expect(() => found(['empty'])).toThrow('no photos');
});

test('what is left out is counted by kind', () => {
  for (const name of ['a.MOV', 'b.dng', 'no/c.mp4']) writeFileSync(join(folder, name), name);
  symlinkSync(join(folder, 'a.jpg'), join(folder, 'again.jpg'));
  const { leftOut } = photoFiles([folder], { ignore: ['raw'] });
  expect(leftOut).toEqual({ videos: 2, raw: 1, links: 1, hidden: 1, ignored: 1, other: 1 });
});

test('relative paths start from the folder of the user, and files keep the names as typed', () => {
  const { files } = photoFiles(['sub', '*.jpg'], { folder });
  expect(files).toEqual([
    { file: 'sub/b.JPEG', location: join(folder, 'sub/b.JPEG') },
    { file: 'a.jpg', location: join(folder, 'a.jpg') },
  ]);
});

test.runIf(process.platform === 'linux')('a name that is no UTF-8 is found by its bytes', async () => {
  const location = Buffer.concat([
    Buffer.from(`${folder}/sub/`),
    Buffer.from([0xd5, 0xd5, 0xc6, 0xac]),
    Buffer.from('.jpg'),
  ]);
  writeFileSync(location, 'photo');
  const [found] = photoFiles([join(folder, 'sub')]).files.filter(({ file }) => file.includes('\ufffd'));
  if (!found) throw new Error('it is not found');
  expect(found.location).toEqual(location);
  expect(await filePhoto(found, sayIn('en')).read()).toEqual(Buffer.from('photo'));
});
