import { jsonIn } from './reply-json.ts';

/** What an error says, wherever its vendor puts it. For matching only: sentences may quote the key or the request. */
export interface VendorErrorBody {
  /** Short words: codes first, the innermost before the others, then types, statuses, reasons. Numbers as text. */
  readonly codes: readonly string[];
  /** Fields of the request that it complains of: paths, joined by dots. */
  readonly param?: string;
  /** All its sentences. */
  readonly message?: string;
}

interface Findings {
  readonly codes: string[];
  readonly sentences: string[];
  readonly params: string[];
}

const codeKey = /^(code|type|status|reasons?|block_?reason|(err|error)_?(code|type))$/i;
const sentenceKey = /^(message|msg|details?|errors?|err|description|title|raw|(err|error)_?(message|msg))$/i;
const paramKey = /^(param|loc)$/i;
/** Echoes of the request. */
const echoKey = /^(input|ctx|request|body|messages)$/i;
/** Words that name no trouble. */
const empty = /^(|0|200|ok|success|null|none|error)$/i;
const maxDepth = 8;
const maxLength = 1_000;

/**
 * Reads `{error: {…}}`, lists of that, `{code, message}`, `{detail}` as FastAPI sends it, errors within errors, JSON
 * within their texts, and plain text. Of a web page nothing: its words are a proxy's, or an advertisement.
 */
export function vendorErrorBody(text: string): VendorErrorBody {
  const parsed = jsonIn(text);
  if (parsed.length === 0) return text.trimStart().startsWith('<') ? { codes: [] } : bodyOf([], [text]);
  const found = errorIn(parsed);
  return isEmpty(found) ? { ...found, message: text.slice(0, maxLength) } : found;
}

/** The same of JSON that is read already. Empty where it is no error. */
export function errorIn(value: unknown): VendorErrorBody {
  const found: Findings = { codes: [], sentences: [], params: [] };
  visit(value, 'error', 0, found);
  return bodyOf(found.codes, found.sentences, found.params);
}

export function isEmpty({ codes, message }: VendorErrorBody): boolean {
  return codes.length === 0 && message === undefined;
}

function visit(value: unknown, key: string, depth: number, found: Findings): void {
  if (typeof value === 'string') visitText(value, key, depth, found);
  else if (typeof value === 'number') visitText(String(value), codeKey.test(key) ? key : '', depth, found);
  else if (typeof value === 'object' && value !== null && depth < maxDepth)
    for (const [name, inner] of Object.entries(value)) {
      if (echoKey.test(name)) continue;
      if (name === 'flagged_input') found.codes.push(name);
      else if (name === 'loc' && Array.isArray(inner)) found.params.push(inner.join('.'));
      else visit(inner, Array.isArray(value) ? key : name, depth + 1, found);
    }
}

function visitText(text: string, key: string, depth: number, found: Findings): void {
  if (empty.test(text.trim())) return;
  if (/code$/i.test(key) && codeKey.test(key)) found.codes.unshift(text.slice(0, 100));
  else if (codeKey.test(key)) found.codes.push(text.slice(0, 100));
  else if (paramKey.test(key)) found.params.push(text);
  else if (sentenceKey.test(key)) {
    const inner = /^\s*[[{]/.test(text) ? jsonIn(text) : [];
    if (inner.length > 0) visit(inner, key, depth + 1, found);
    else found.sentences.push(text);
  }
}

function bodyOf(codes: string[], sentences: string[], params: string[] = []): VendorErrorBody {
  const message = sentences.join(' ').trim().slice(0, maxLength);
  return {
    codes,
    ...(params.length > 0 && { param: params.join('.').slice(0, maxLength) }),
    ...(message !== '' && { message }),
  };
}
