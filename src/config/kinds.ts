import { SetupError } from '../errors.ts';
import { type Message, type Sentence, text as sentence, verbatim } from '../messages/text.ts';

/** How one environment variable is described and read. */
export interface Variable<T> {
  readonly about: string;
  /** `s`, `ms`, `MB`, …; absent for values without a unit. */
  readonly unit?: string;
  /** In the form that an operator writes; empty: not set. */
  readonly default: string;
  /** Accepted values, in words. */
  readonly range: Message;
  /** Never printed. */
  readonly secret?: true;
  /** @throws SetupError whose message completes "NAME must be …" */
  parse(text: string): T;
}

export type ValueOf<V> = V extends Variable<infer T> ? T : never;

interface NumberOptions {
  about: string;
  default: number;
  min: number;
  max: number;
  unit?: string;
}

export function integer(options: NumberOptions): Variable<number> {
  return numeric(options, 'a whole number from {min} to {max}', Number.isSafeInteger);
}

export function decimal(options: NumberOptions): Variable<number> {
  return numeric(options, 'a number from {min} to {max}', Number.isFinite);
}

function numeric(
  options: NumberOptions,
  accepted: Sentence,
  isKind: (value: number) => boolean,
): Variable<number> {
  const { about, min, max, unit } = options;
  return {
    about,
    ...(unit !== undefined && { unit }),
    default: String(options.default),
    range: sentence('{min} to {max}', { min, max }),
    parse(text) {
      const value = Number(text);
      if (!isKind(value) || value < min || value > max)
        throw new SetupError({ sentence: accepted, values: { min, max } });
      return value;
    },
  };
}

export function text(options: {
  about: string;
  default?: string;
  range?: Message;
  pattern?: RegExp;
  secret?: true;
}): Variable<string> {
  const range = options.range ?? 'text';
  return {
    about: options.about,
    default: options.default ?? '',
    range,
    ...(options.secret && { secret: true }),
    parse(value) {
      if (value !== '' && options.pattern && !options.pattern.test(value)) throw new SetupError(range);
      return value;
    },
  };
}

export function secret(options: { about: string }): Variable<string> {
  return text({ ...options, range: 'secret text', secret: true });
}

/** Undefined if not set. Never printed: it may hold a token. */
export function jsonObject(options: {
  about: string;
  /** Fields it must not have. */
  not: readonly string[];
}): Variable<Readonly<Record<string, unknown>> | undefined> {
  const range = sentence('a JSON object without {fields}', { fields: options.not.join(', ') });
  return {
    about: options.about,
    default: '',
    range,
    secret: true,
    parse(value) {
      if (value === '') return undefined;
      const parsed = parsedJson(value);
      const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
      if (!isObject || options.not.some((name) => Object.hasOwn(parsed, name))) throw new SetupError(range);
      return parsed as Record<string, unknown>;
    },
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A key as `keys create` shows it. */
export function clientKey(options: { about: string }): Variable<string> {
  const range = 'a key that begins with ack_';
  return {
    ...secret(options),
    range,
    parse(value) {
      if (value !== '' && !/^ack_[\w-]+$/.test(value)) throw new SetupError(range);
      return value;
    },
  };
}

/** Printed without user, password and query. */
export function url(options: { about: string; protocols: readonly [string, string] }): Variable<string> {
  const [one, other] = options.protocols;
  const range = sentence('a URL beginning with {one}// or {other}//', { one, other });
  const accepted: readonly string[] = options.protocols;
  return {
    about: options.about,
    default: '',
    range,
    secret: true,
    parse(value) {
      if (value === '') return value;
      if (!URL.canParse(value) || !accepted.includes(new URL(value).protocol)) throw new SetupError(range);
      return value;
    },
  };
}

const wordsForTrue = ['true', '1', 'yes', 'on'];
const wordsForFalse = ['false', '0', 'no', 'off'];

/** Undefined if not set and without a default. */
export function flag(options: { about: string; default?: boolean }): Variable<boolean | undefined> {
  return {
    about: options.about,
    default: options.default === undefined ? '' : String(options.default),
    range: 'true or false',
    parse(value) {
      const word = value.toLowerCase();
      if (word === '') return undefined;
      if (wordsForTrue.includes(word)) return true;
      if (wordsForFalse.includes(word)) return false;
      throw new SetupError('true or false');
    },
  };
}

/** One of a list of words; `aliases` are other words for them. An empty default means "not set". */
export function oneOf<const W extends string, D extends W | ''>(options: {
  about: string;
  words: readonly W[];
  default: D;
  aliases?: Readonly<Record<string, W>>;
}): Variable<W | D> {
  const words = options.words.join(' | ');
  return {
    about: options.about,
    default: options.default,
    range: verbatim(words),
    parse(value) {
      const word = value.toLowerCase();
      const known = options.words.find((one) => one === word) ?? options.aliases?.[word];
      if (known !== undefined) return known;
      if (word === options.default) return options.default;
      throw new SetupError(sentence('one of {words}', { words }));
    },
  };
}

/** A whole number, or `auto` (`undefined`). */
export function integerOrAuto(options: Omit<NumberOptions, 'default'> & { default: number | 'auto' }) {
  const number = integer({ ...options, default: 0 });
  const variable: Variable<number | undefined> = {
    ...number,
    default: String(options.default),
    range: sentence('{min} to {max}, or auto', { min: options.min, max: options.max }),
    parse: (value) => (value.toLowerCase() === 'auto' ? undefined : number.parse(value)),
  };
  return variable;
}

/** Undefined if empty. */
export function orEmpty<T>(variable: Variable<T>): Variable<T | undefined> {
  return {
    ...variable,
    default: '',
    parse: (value) => (value === '' ? undefined : variable.parse(value)),
  };
}
