import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './usage-error.ts';

const photoPattern = /\.(jpe?g|jfif|png|webp|gif|avif|heic|heif)$/i;

/**
 * Files as they are named, folders as the photo files anywhere below them (by extension, hidden ones left out).
 * @throws UsageError a path does not exist, or there is nothing to classify
 */
export function photoFiles(paths: readonly string[]): string[] {
  if (paths.length === 0) throw new UsageError('classify needs at least one file or folder');
  const files = [...new Set(paths.flatMap(filesAt))];
  if (files.length === 0) throw new UsageError(`there are no photos in ${paths.join(', ')}`);
  return files;
}

function filesAt(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new UsageError(`${path} does not exist`);
  if (!stat.isDirectory()) return [path];
  return globSync('**/*', { cwd: path })
    .filter((file) => photoPattern.test(file) && !file.split('/').some((name) => name.startsWith('.')))
    .map((file) => join(path, file))
    .sort();
}
