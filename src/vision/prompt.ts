import { createHash } from 'node:crypto';
import type { Taxonomy } from '../classify/taxonomy.ts';

export interface PromptOptions {
  readonly taxonomy: Taxonomy;
  /** Language of `description`; `none` asks for none, which is the shortest and cheapest answer. */
  readonly language: 'zh' | 'en' | 'none';
  /** Most tags to ask for. Default: none. */
  readonly tags?: number;
  /** Words to use instead of the built-in question; the list of keys and the form of the answer are appended. */
  readonly custom?: string;
}

export interface VisionPrompt {
  readonly text: string;
  readonly form: 'described' | 'bare';
  /** Most tags that are asked for. */
  readonly tags: number;
  /** The plainest question there is: for a key and nothing else. */
  readonly plain: string;
  /** ASCII word that changes whenever the words do, but for those about tags. Part of every cache key. */
  readonly version: string;
}

const descriptions = {
  zh: ',"description":"<one short sentence in Chinese>"',
  en: ',"description":"<one short sentence in English>"',
  none: '',
};

const tagLanguages = { zh: 'Chinese', en: 'English', none: 'English' };

export function promptOf({ taxonomy, language, custom, tags = 0 }: PromptOptions): VisionPrompt {
  const keys = taxonomy.categories.map(({ key }) => key).join(', ');
  const definitions = taxonomy.categories.map(({ key, definition }) => `${key}: ${definition}`).join('\n');
  const question = custom?.trim()
    ? `${custom.trim()}\n\nKeys: ${keys}`
    : `Choose the one category that fits this photo best.\n${definitions}`;
  const textWith = (more: string) =>
    `${question}\n\nAnswer with this JSON object and nothing else: ` +
    `{"category":"<key>","confidence":<above 0, at most 1>${descriptions[language]}${more}}`;
  const untagged = textWith('');
  const tagWords = `,"tags":[<up to ${tags} things or scenes to search by, in ${tagLanguages[language]}, no names or numbers>]`;
  const plain = `Which of these words fits the photo best? Answer with that word only: ${keys}`;
  return {
    text: tags > 0 ? textWith(tagWords) : untagged,
    tags,
    form: language === 'none' ? 'bare' : 'described',
    plain,
    // Without the tags: results that have none still count when tags are asked for.
    version: createHash('sha256').update(`${untagged}\0${plain}`).digest('hex').slice(0, 10),
  };
}
