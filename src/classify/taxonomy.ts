import { readFileSync } from 'node:fs';
import { SetupError } from '../errors.ts';
import { joined, type Text, text, textOf } from '../messages/text.ts';

export interface Category {
  /** What clients read: lower-case letters, digits and underscores. */
  readonly key: string;
  readonly zh: string;
  readonly en: string;
  /** One line for the prompt: what belongs. */
  readonly definition: string;
  /** What a photo of this category shows, for answers without a description. */
  readonly sentence?: { readonly zh: string; readonly en: string };
  /** Labels of a local model that mean this category. */
  readonly labels: readonly string[];
  /** The key that v1 clients get instead, where they know no card for this one. */
  readonly v1?: string;
}

export interface Taxonomy {
  /** Part of every cache key: change it with the categories, and no old answer is served. */
  readonly version: string;
  readonly categories: readonly Category[];
  has(key: string): boolean;
  /** The category of a local model's label; labels that no category names mean `fallback`. */
  categoryOfLabel(label: string): string;
  /** The key in answers to v1 clients. */
  v1Key(key: string): string;
  /** The category's name and a plain sentence, for an answer without a description. */
  describe(key: string, language: 'zh' | 'en'): string | undefined;
}

export const builtInTaxonomyUrl = new URL('./taxonomy.json', import.meta.url);

/** @throws SetupError naming what is wrong with the file */
export function readTaxonomy(file: URL | string = builtInTaxonomyUrl): Taxonomy {
  const parsed = parsedFile(file);
  const problems = taxonomyProblems(parsed);
  if (problems.length > 0) throw new SetupError(text('taxonomy: {problems}', { problems: joined(problems) }));
  return taxonomyOf(parsed as TaxonomyFile);
}

function parsedFile(file: URL | string): unknown {
  const name = `TAXONOMY_FILE=${file}`;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SetupError(
      code === undefined
        ? text('{file} is no JSON', { file: name })
        : text("{file} can't be read: {code}", { file: name, code }),
    );
  }
}

interface TaxonomyFile {
  version: string;
  fallback: string;
  categories: Category[];
}

function taxonomyOf(file: TaxonomyFile): Taxonomy {
  const byKey = new Map(file.categories.map((category) => [category.key, category]));
  const byLabel = new Map(file.categories.flatMap(({ key, labels }) => labels.map((label) => [label, key])));
  return Object.freeze({
    version: file.version,
    categories: file.categories,
    has: (key: string) => byKey.has(key),
    categoryOfLabel: (label: string) => byLabel.get(label) ?? file.fallback,
    v1Key: (key: string) => byKey.get(key)?.v1 ?? key,
    describe(key: string, language: 'zh' | 'en') {
      const category = byKey.get(key);
      return category && descriptionOf(category, language);
    },
  });
}

/** A category without a sentence has one that says no more than its name. */
function descriptionOf({ sentence, ...names }: Category, language: 'zh' | 'en'): string {
  const name = names[language];
  if (language === 'zh') return `${name}：${sentence?.zh ?? `这张照片属于“${name}”。`}`;
  return `${name}: ${sentence?.en ?? `The photo belongs to “${name}”.`}`;
}

function taxonomyProblems(file: unknown): Text[] {
  const problems: Text[] = [];
  const { version, fallback, categories } = (file ?? {}) as Partial<TaxonomyFile>;
  if (typeof version !== 'string' || !/^[\w.-]{1,32}$/.test(version))
    problems.push(textOf('`version` must be 1 to 32 letters, digits, dots, dashes or underscores'));
  if (!Array.isArray(categories) || categories.length === 0)
    return [...problems, textOf('`categories` must be a list with at least one category')];
  const keys = new Set<unknown>();
  for (const [index, category] of categories.entries()) {
    const of = (problem: Text) => problems.push(text('category {index}: {problem}', { index, problem }));
    const { key, zh, en, definition, labels, sentence } = (category ?? {}) as Partial<Category>;
    if (typeof key !== 'string' || !/^[a-z][a-z0-9_]{0,31}$/.test(key))
      of(textOf('`key` must be 1 to 32 lower-case letters, digits or underscores'));
    if (keys.has(key)) of(text('the key `{key}` occurs twice', { key: String(key) }));
    keys.add(key);
    if (![zh, en, definition].every(isText)) of(textOf('`zh`, `en` and `definition` must be texts'));
    if (sentence !== undefined && ![sentence?.zh, sentence?.en].every(isText))
      of(textOf('`sentence` must have texts `zh` and `en`'));
    if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string'))
      of(textOf('`labels` must be a list of texts'));
  }
  if (!keys.has(fallback)) problems.push(textOf('`fallback` must be one of the keys'));
  for (const { key, v1 } of categories)
    if (v1 !== undefined && !keys.has(v1))
      problems.push(
        text('category {index}: {problem}', {
          ...{ index: key, problem: { sentence: '`v1` must be one of the keys' } },
        }),
      );
  return problems;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0;
