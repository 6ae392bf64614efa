import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';

export function freshFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'album-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** A JPEG of its own colours and number, 640×480. */
export function generatedPhoto(index: number): Promise<Buffer> {
  const hue = (index * 47) % 360;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480">
    <rect width="640" height="480" fill="hsl(${hue},50%,60%)"/>
    <circle cx="${100 + ((index * 31) % 440)}" cy="240" r="120" fill="hsl(${(hue + 120) % 360},60%,40%)"/>
    <text x="20" y="460" font-size="40">${index}</text></svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 80 }).toBuffer();
}

export interface GeneratedAlbum {
  readonly distinct: number;
  readonly duplicates: number;
  readonly corrupt: number;
}

/** `count` files in folders of a hundred; every tenth a duplicate of an earlier one, every fiftieth corrupt. */
export async function writeAlbum(folder: string, count: number, isClean = false): Promise<GeneratedAlbum> {
  const album = { distinct: 0, duplicates: 0, corrupt: 0 };
  const pathOf = (index: number) => join(folder, String(Math.floor(index / 100)), `IMG_${index}.jpg`);
  for (let index = 0; index < count; index++) {
    mkdirSync(join(pathOf(index), '..'), { recursive: true });
    if (!isClean && index % 10 === 5) {
      copyFileSync(pathOf(index - 4), pathOf(index));
      album.duplicates += 1;
      continue;
    }
    const photo = await generatedPhoto(index);
    const isCorrupt = !isClean && index % 50 === 7;
    writeFileSync(pathOf(index), isCorrupt ? photo.subarray(0, photo.length / 2) : photo);
    album[isCorrupt ? 'corrupt' : 'distinct'] += 1;
  }
  return album;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the summary line holds
export type Summary = any;

export interface CliRun {
  readonly child: ChildProcess;
  readonly done: Promise<{ code: number; summary: Summary; text: string }>;
}

/** `classify` in a process and a folder of its own. */
export function runClassify(
  cwd: string,
  args: readonly string[],
  environment: Record<string, string>,
): CliRun {
  const cli = new URL('../src/cli.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [cli, 'classify', ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let text = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  const done = once(child, 'close').then(([code]) => {
    const last = out.trim().split('\n').at(-1) ?? '{}';
    return { code, summary: JSON.parse(last).summary, text };
  });
  return { child, done };
}
