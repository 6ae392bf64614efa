/** Longer ones are sentences. In code points. */
const maxTagLength = 24;
const maxWords = 3;
/** Letters of any script and digits. No `@`, `/`, `:` or `.`, as in addresses, and no marks of any markup. */
const allowed = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}'’& -]*$/u;
/** Numbers of phones, cards, plates and houses. */
const numbers = /(?:\d[ -]?){3}/;
/** A photo of text that tells a model what to say. */
const instruction = /ignore|disregard|instruction|prompt|password|忽略|指令|提示词|密码|口令/i;

/**
 * The tags of a reply, in its order. They are decoration, so a wrong one is left out and never costs the answer: one that
 * is no text, long, of more than three words, with other characters than words have, with a number as of a phone or a
 * card, with an instruction, or there already.
 * @param most of them; 0 for none
 */
export function tagsIn(value: unknown, most: number): readonly string[] {
  if (!Array.isArray(value)) return [];
  const tags = new Map<string, string>();
  for (const one of value) {
    if (tags.size >= most) break;
    const tag = typeof one === 'string' ? cleaned(one) : '';
    if (isTag(tag) && !tags.has(tag.toLowerCase())) tags.set(tag.toLowerCase(), tag);
  }
  return [...tags.values()];
}

function cleaned(text: string): string {
  return text.toWellFormed().normalize('NFC').replace(/\s+/g, ' ').trim().replace(/^#+/, '');
}

function isTag(text: string): boolean {
  return (
    allowed.test(text) &&
    [...text].length <= maxTagLength &&
    text.split(' ').length <= maxWords &&
    !numbers.test(text) &&
    !instruction.test(text)
  );
}
