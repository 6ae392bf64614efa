import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filePhoto } from '../../src/cli/album/file-photo.ts';
import type { Sorting } from '../../src/cli/album/place-file.ts';
import { type Sortable, sortFiles } from '../../src/cli/album/sort-files.ts';
import { sayIn } from '../../src/messages/text.ts';

let folder: string;
const mounts: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-sort-'));
});
afterEach(() => {
  for (const mount of mounts.splice(0)) execFileSync('umount', [mount]);
  rmSync(folder, { recursive: true });
});

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

function file(name: string, content: Buffer | string = name, category = 'pets'): Sortable {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return { photo: photoAt(path), hash: sha256(content), category, confidence: 0.9 };
}

const say = sayIn('en');
const photoAt = (path: string) => filePhoto({ file: path, location: path }, say);
const into = () => join(folder, 'sorted');
const contents = (path: string) => readdirSync(path).sort();
const read = (...names: string[]) => readFileSync(join(into(), ...names), 'utf8');

async function sort(files: readonly Sortable[], sorting: Sorting, apply = true, target = into()) {
  const told: string[] = [];
  const report = (line: string) => void told.push(line);
  const logFolder = join(folder, 'moves');
  const failed = await sortFiles(files, { sorting, into: target, apply, logFolder, report, say });
  return { failed, told: told.join('\n') };
}

describe('sorting', () => {
  test('touches nothing unless it is applied, and says what it would do', async () => {
    const one = file('a/cat.jpg');
    const { failed, told } = await sort([one], 'move', false);
    expect(failed).toBe(0);
    expect(told).toContain(`would move ${one.photo.file} → ${into()}/pets/cat.jpg`);
    expect(existsSync(into())).toBe(false);
    expect(existsSync(one.photo.path)).toBe(true);
  });

  test.each(['move', 'copy', 'link'] as const)('says the names that it would give: %s', async (sorting) => {
    const files = ['a', 'b', 'c'].map((name) => file(`${name}/cat.jpg`, name));
    // A copy of the first one, and two photos with one video.
    files.push(file('d/cat.jpg', 'a'), file('a/cat.png', 'other'));
    file('a/cat.mov', 'video');
    mkdirSync(join(into(), 'pets'), { recursive: true });
    writeFileSync(join(into(), 'pets/cat (2).jpg'), 'b');
    const preview = await sort(files, sorting, false);
    const applied = await sort(files, sorting);
    const targets = ({ told }: { told: string }) => told.match(/(?<=→ ).*$/gm);
    expect(targets(preview)).toHaveLength(files.length);
    expect(targets(preview)).toEqual(targets(applied));
    expect(preview.told.match(/already there/g)).toEqual(applied.told.match(/already there/g));
  });

  test('files of one name are all there afterwards, under names of their own', async () => {
    const files = ['a', 'b', 'c'].map((name) => file(`${name}/cat.jpg`, name));
    mkdirSync(join(into(), 'pets'), { recursive: true });
    writeFileSync(join(into(), 'pets/cat.jpg'), 'was there');
    expect((await sort(files, 'move')).failed).toBe(0);
    expect(contents(join(into(), 'pets'))).toEqual(['cat (2).jpg', 'cat (3).jpg', 'cat (4).jpg', 'cat.jpg']);
    expect(read('pets', 'cat.jpg')).toBe('was there');
    expect([2, 3, 4].map((number) => read('pets', `cat (${number}).jpg`))).toEqual(['a', 'b', 'c']);
    for (const { photo } of files) expect(existsSync(photo.path)).toBe(false);
  });

  test('a copy keeps the time, leaves the original and no half files, and is made once', async () => {
    const one = file('cat.jpg');
    utimesSync(one.photo.path, 1000, 2000);
    const again = { ...one, photo: photoAt(one.photo.path) };
    await sort([again], 'copy');
    const { told } = await sort([again], 'copy');
    expect(told).toContain('already there');
    expect(contents(join(into(), 'pets'))).toEqual(['cat.jpg']);
    expect(statSync(join(into(), 'pets/cat.jpg')).mtimeMs).toBe(2_000_000);
    expect(existsSync(one.photo.path)).toBe(true);
  });

  test('a link points to the original and is made once', async () => {
    const one = file('cat.jpg');
    await sort([one], 'link');
    await sort([one], 'link');
    expect(contents(join(into(), 'pets'))).toEqual(['cat.jpg']);
    expect(lstatSync(join(into(), 'pets/cat.jpg')).isSymbolicLink()).toBe(true);
    expect(read('pets', 'cat.jpg')).toBe('cat.jpg');
  });

  test('what has changed, gone or become a link since is left alone', async () => {
    const [changed, gone, linked] = ['a.jpg', 'b.jpg', 'c.jpg'].map((name) => file(name)) as [
      Sortable,
      Sortable,
      Sortable,
    ];
    appendFileSync(changed.photo.path, 'more');
    rmSync(gone.photo.path);
    rmSync(linked.photo.path);
    symlinkSync(changed.photo.path, linked.photo.path);
    const { failed, told } = await sort([changed, gone, linked], 'move');
    expect(failed).toBe(3);
    expect(told).toMatch(
      /a\.jpg: it has changed.*\n.*b\.jpg: it is no longer there.*\n.*c\.jpg: it is no regular/,
    );
    expect(readFileSync(changed.photo.path, 'utf8')).toBe('a.jpgmore');
  });

  test('a read-only file is moved whole; a server can’t name a folder elsewhere', async () => {
    const locked = file('locked.jpg');
    chmodSync(locked.photo.path, 0o444);
    const hostile = file('hostile.jpg', 'x', '../../elsewhere');
    const { failed, told } = await sort([locked, hostile], 'move');
    expect(failed).toBe(1);
    expect(told).toContain('no name for a folder');
    expect(read('pets', 'locked.jpg')).toBe('locked.jpg');
    expect(statSync(join(into(), 'pets/locked.jpg')).mode & 0o777).toBe(0o444);
    expect(existsSync(hostile.photo.path)).toBe(true);
  });

  test('a file where the folder should be loses nothing', async () => {
    const one = file('cat.jpg');
    mkdirSync(into());
    writeFileSync(join(into(), 'pets'), 'a file');
    const { failed, told } = await sort([one], 'move');
    expect([failed, told]).toEqual([1, expect.stringContaining('a file stands where a folder should be')]);
    expect(readFileSync(one.photo.path, 'utf8')).toBe('cat.jpg');
  });
});

/** A small file system of its own, in memory. */
function mountTmpfs(path: string, size: string): string {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'pipe' });
  mounts.push(path);
  return path;
}

function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'album-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'pipe' });
    execFileSync('umount', [probe]);
    return true;
  } catch {
    process.stderr.write('SKIPPED: full and read-only disks are not tested, for tmpfs needs root on Linux\n');
    return false;
  } finally {
    rmSync(probe, { recursive: true });
  }
}

describe.skipIf(!canMount())('sorting onto another disk', () => {
  const photos = (count: number, size: number) =>
    Array.from({ length: count }, (_, index) => file(`from/${index}.jpg`, Buffer.alloc(size, index + 1)));

  test('moves what fits on a full disk and leaves the rest as it was', async () => {
    const files = photos(10, 40_000);
    const disk = mountTmpfs(into(), '200k');
    const { failed, told } = await sort(files, 'move');
    const moved = contents(join(disk, 'pets'));
    expect(moved.length).toBeGreaterThan(0);
    expect(failed).toBe(10 - moved.length);
    expect(failed).toBeGreaterThan(0);
    expect(told).toContain('the disk is full');
    for (const { photo, hash } of files) {
      const isMoved = moved.includes(photo.name);
      expect(existsSync(photo.path)).toBe(!isMoved);
      expect(sha256(readFileSync(isMoved ? join(disk, 'pets', photo.name) : photo.path))).toBe(hash);
    }
  });

  test('a file that can’t be taken away is not left in two places', async () => {
    const disk = mountTmpfs(join(folder, 'from'), '1m');
    const files = photos(3, 1_000);
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const { failed, told } = await sort(files, 'move');
    expect(failed).toBe(3);
    expect(told).toContain('the file system is read-only');
    expect(contents(join(into(), 'pets'))).toEqual([]);
    for (const { photo, hash } of files) expect(sha256(readFileSync(photo.path))).toBe(hash);
  });

  test('names clash there as they do here', async () => {
    const files = ['a', 'b'].map((name) => file(`${name}/cat.jpg`, name));
    const disk = mountTmpfs(into(), '1m');
    expect((await sort(files, 'move')).failed).toBe(0);
    expect(contents(join(disk, 'pets'))).toEqual(['cat (2).jpg', 'cat.jpg']);
  });
});
