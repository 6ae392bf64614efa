import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { filePhoto } from '../../src/cli/album/file-photo.ts';
import { openMoveLog } from '../../src/cli/album/move-log.ts';
import { photoFiles } from '../../src/cli/album/photo-files.ts';
import { sortFiles } from '../../src/cli/album/sort-files.ts';
import { undo } from '../../src/cli/undo.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { sayIn } from '../../src/messages/text.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-undo-'));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function put(name: string, text = name): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Every file below a folder with its hash. */
function hashes(below: string): Record<string, string> {
  const names = globSync('**/*', { cwd: join(folder, below), withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(names.sort().map((path) => [path, sha256(readFileSync(path))]));
}

const say = sayIn('en');

async function moveAll(): Promise<void> {
  const found = photoFiles(['album'], { folder }).files.map((one) => filePhoto(one, say));
  const files = found.map((photo, index) => ({
    photo,
    hash: sha256(readFileSync(photo.path)),
    category: ['pets', 'food', 'scenery'][index % 3] ?? '',
    confidence: 0.9,
  }));
  const options = { sorting: 'move', into: join(folder, 'sorted'), apply: true } as const;
  const failed = await sortFiles(files, {
    ...options,
    logFolder: join(folder, 'data/moves'),
    report() {},
    say,
  });
  expect(failed).toBe(0);
}

const undoAll = () =>
  undo([], {
    invocation: { command: 'album-classifier', folder, dataFolder: join(folder, 'data'), language: 'en' },
    data: undefined,
    isQuiet: true,
  });

describe('undo', () => {
  test('140 photos with their videos are moved and back, byte for byte', async () => {
    for (let index = 0; index < 140; index++) {
      const name = `album/${index % 7}/IMG_${Math.floor(index / 7)}`;
      put(`${name}.HEIC`);
      if (index % 2 === 0) put(`${name}.MOV`);
    }
    const before = hashes('album');
    await moveAll();
    expect(hashes('album')).toEqual({});
    const sorted = Object.keys(hashes('sorted'));
    expect(sorted).toHaveLength(210);
    // Each video is still called as its photo.
    for (const video of sorted.filter((path) => path.endsWith('.MOV')))
      expect(readFileSync(video.replace('.MOV', '.HEIC'), 'utf8')).toBe(
        readFileSync(video, 'utf8').replace('.MOV', '.HEIC'),
      );
    expect(await undoAll()).toBe(0);
    expect(hashes('album')).toEqual(before);
    expect(existsSync(join(folder, 'sorted/pets'))).toBe(false);
    await expect(undoAll()).rejects.toThrow(UsageError);
  });

  test('overwrites nothing, leaves what has changed, and can be repeated', async () => {
    for (const name of ['a', 'b', 'c']) put(`album/${name}.jpg`);
    await moveAll();
    put('album/a.jpg', 'a new one');
    const [b = ''] = globSync('sorted/*/b.jpg', { cwd: folder });
    put(b, 'edited');
    expect(await undoAll()).toBe(1);
    expect(readFileSync(join(folder, 'album/a.jpg'), 'utf8')).toBe('a new one');
    expect(readFileSync(join(folder, b), 'utf8')).toBe('edited');
    expect(existsSync(join(folder, 'album/c.jpg'))).toBe(true);
    rmSync(join(folder, 'album/a.jpg'));
    put(b, 'album/b.jpg');
    expect(await undoAll()).toBe(0);
    expect(readFileSync(join(folder, 'album/a.jpg'), 'utf8')).toBe('album/a.jpg');
  });

  test('a file that is no log is wrong usage', async () => {
    const log = openMoveLog(join(folder, 'data/moves'));
    log.close();
    writeFileSync(log.file, 'words');
    await expect(undoAll()).rejects.toThrow('is no log of moves');
  });
});
