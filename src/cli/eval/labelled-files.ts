import { readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Taxonomy } from '../../classify/taxonomy.ts';
import { nearestOf } from '../../config/nearest.ts';
import { type Say, text } from '../../messages/text.ts';
import { type FilePhoto, filePhoto } from '../album/file-photo.ts';
import { photoFiles } from '../album/photo-files.ts';
import { printable } from '../album/rows.ts';
import { UsageError } from '../usage-error.ts';
import type { EvalSettings } from './settings.ts';
import { rowsOf } from './table.ts';

export interface LabelledFile {
  readonly photo: FilePhoto;
  readonly category: string;
}

/**
 * The photos of a folder whose subfolders are named by category, or of a table with the columns `file` and `category`.
 * @throws UsageError a category does not exist, or a photo has none
 */
export function labelledFiles(
  settings: EvalSettings,
  { categories }: Pick<Taxonomy, 'categories'>,
  say: Say,
): LabelledFile[] {
  const keys = categories.map(({ key }) => key);
  const isTable = statSync(resolve(settings.folder, settings.path), { throwIfNoEntry: false })?.isFile();
  const found = isTable ? filesOfTable(settings, say) : filesOfFolder(settings, say);
  const unknown = [...new Set(found.map(({ category }) => category))].filter((one) => !keys.includes(one));
  if (unknown.length > 0) {
    const named = unknown.map((one) => {
      const nearest = nearestOf(one, keys);
      const category = printable(one) || '""';
      return nearest === undefined
        ? category
        : say('{category} (did you mean {nearest}?)', { category, nearest });
    });
    throw new UsageError(
      text('unknown categories: {unknown}. Categories are {known}', {
        ...{ unknown: named.join(', '), known: keys.join(', ') },
      }),
    );
  }
  return found;
}

function filesOfFolder(settings: EvalSettings, say: Say): LabelledFile[] {
  const { files } = photoFiles([settings.path], settings);
  return files.map((one) => {
    const [category = '', ...rest] = relative(join(settings.path), one.file).split(sep);
    if (rest.length === 0)
      throw new UsageError(
        text('{file} is in no category: put it into a folder named by one', { file: printable(one.file) }),
      );
    return { photo: filePhoto(one, say), category };
  });
}

function filesOfTable({ folder, path }: EvalSettings, say: Say): LabelledFile[] {
  const location = resolve(folder, path);
  const [header = [], ...rows] = rowsOf(readFileSync(location, 'utf8'));
  const [file, category] = ['file', 'category'].map((name) => header.indexOf(name));
  if (file === undefined || category === undefined || file < 0 || category < 0)
    throw new UsageError(
      text('{file} needs a first line that names the columns file and category', { file: path }),
    );
  return rows.map((row) => {
    const name = row[file] ?? '';
    const found = { file: name, location: resolve(dirname(location), name) };
    return { photo: filePhoto(found, say), category: row[category] ?? '' };
  });
}
