import { readdir, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type { SourceFile } from './place-file.ts';

const videoPattern = /\.(mov|mp4)$/i;

/** The video of a Live Photo: the file of the same name beside it, as IMG_1.MOV beside IMG_1.HEIC. */
export async function videoOf(path: string): Promise<SourceFile | undefined> {
  const folder = dirname(path);
  const stem = parse(path).name;
  const name = (await readdir(folder)).find((one) => videoPattern.test(one) && parse(one).name === stem);
  if (name === undefined) return undefined;
  const video = join(folder, name);
  const { size, mtimeMs } = await stat(video);
  return { path: video, name, sizeBytes: size, mtimeMs };
}
