import type { Category, Taxonomy } from '../../classify/taxonomy.ts';
import { tagsIn } from './tags.ts';
import { unusableReply } from './vendor-error.ts';

/** What a model's words say, checked. */
export interface Reading {
  /** A key of the taxonomy. */
  readonly category: string;
  /** In (0, 1]. */
  readonly confidence: number;
  readonly description?: string;
  /** At least one. */
  readonly tags?: readonly string[];
}

const maxReplyLength = 8_000;
const maxDescriptionLength = 200;

/** Categories of photos that show names, which look like any other word. */
const named = ['idcard'];

/** A model that names a category and no more says nothing of its confidence: more likely than not. */
const confidenceOfBareKey = 0.6;

/**
 * Reads a reply that should be one JSON object, alone, in a code fence or with prose around it, or the key of a
 * category and nothing else, in quotes or with a full stop perhaps. What the model thought aloud before is left out.
 *
 * Strict where a guess could file a photo wrongly: `category` is a key of the taxonomy or exactly a category's
 * Chinese or English name, `confidence` is a number in (0, 1] (neither "0.9" nor 95 is made to fit), and two objects
 * are no answer. Lenient with `description`, which is decoration: without control characters, at most 200
 * characters, left out when empty or the word "null".
 *
 * @param mostTags that were asked for; others are ignored
 * @throws VendorError `bad_answer`; it says in fixed words what was wrong
 */
export function readReply(reply: string, taxonomy: Taxonomy, mostTags = 0): Reading {
  const text = withoutThoughts(reply);
  if (text.length > maxReplyLength) throw unusableReply('text_too_long');
  if (text.trim() === '') throw unusableReply('only_reasoning');
  if (!text.includes('{')) return readBareKey(text, taxonomy);
  const object = soleObject(text);
  const category = categoryOf(object.category, taxonomy);
  const { confidence } = object;
  if (typeof confidence !== 'number' || !(confidence > 0 && confidence <= 1))
    throw unusableReply('invalid_confidence');
  const description = descriptionOf(object.description);
  const tags = named.includes(category) ? [] : tagsIn(object.tags, mostTags);
  return {
    category,
    confidence,
    ...(description !== undefined && { description }),
    ...(tags.length > 0 && { tags }),
  };
}

function readBareKey(text: string, taxonomy: Taxonomy): Reading {
  const word = text.trim().replace(/^["'`*]+|["'`*.。]+$/g, '');
  return { category: categoryOf(word, taxonomy), confidence: confidenceOfBareKey };
}

const opening = /<(?:think|thinking|thought|reasoning)>|◁think▷/i;
const closing = /<\/(?:think|thinking|thought|reasoning)>|◁\/think▷/i;

/**
 * What comes after the last thought: a server's template may have taken the mark that opens it. Thoughts that don't
 * end have no answer after them. Marks such as `<|begin_of_box|>` are no words.
 */
function withoutThoughts(reply: string): string {
  const after = reply.split(closing).at(-1) ?? '';
  return (after.split(opening)[0] ?? '').replace(/<\|[^<>|]*\|>/g, '');
}

function soleObject(text: string): Record<string, unknown> {
  const objects = objectsIn(text);
  const [object] = objects;
  if (object === undefined) throw unusableReply('no_json_object');
  if (objects.length > 1) throw unusableReply('several_json_objects');
  return object;
}

/** Every outermost `{…}` that parses. Braces in prose don't parse and are stepped over. */
function objectsIn(text: string): Record<string, unknown>[] {
  const objects: Record<string, unknown>[] = [];
  let from = text.indexOf('{');
  while (from !== -1) {
    const end = endOfObject(text, from);
    const object = end === -1 ? undefined : parsed(text.slice(from, end));
    if (object !== undefined) objects.push(object);
    // An object that never closes has no complete one after it worth trusting.
    from = end === -1 ? -1 : text.indexOf('{', object === undefined ? from + 1 : end);
  }
  return objects;
}

/** Index after the brace that closes the one at `from`, -1 when none does. */
function endOfObject(text: string, from: number): number {
  let depth = 0;
  let isInString = false;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (isInString) {
      if (char === '\\') at++;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return at + 1;
  }
  return -1;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function categoryOf(value: unknown, taxonomy: Taxonomy): string {
  if (typeof value !== 'string') throw unusableReply('unknown_category');
  const word = value.trim().toLowerCase();
  const isMeant = ({ key, zh, en }: Category) =>
    [key, zh, en].some((name) => name.trim().toLowerCase() === word);
  const category = taxonomy.categories.find(isMeant);
  if (category === undefined) throw unusableReply('unknown_category');
  return category.key;
}

function descriptionOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw unusableReply('invalid_description');
  const line = value
    .toWellFormed()
    // Marks that turn the direction of writing could disguise what a client shows next to it.
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  const text = [...line].slice(0, maxDescriptionLength).join('').trim();
  return text === '' || text.toLowerCase() === 'null' ? undefined : text;
}
