import { zhCli } from './zh-cli.ts';
import { zhEval } from './zh-eval.ts';
import { zhPages } from './zh-pages.ts';
import { zhProblems } from './zh-problems.ts';
import { zhSetup } from './zh-setup.ts';

export type Language = 'en' | 'zh';

/**
 * Every sentence that people read, in English, with its Chinese translation. Values stand in braces: `{count}`. English
 * words that depend on a number stand in braces too: `{count} {count|photo|photos}`.
 */
const zh = { ...zhProblems, ...zhPages, ...zhSetup, ...zhCli, ...zhEval };

/** An English sentence of the catalogue. The compiler rejects one without a translation. */
export type Sentence = keyof typeof zh;

type ValueNames<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${infer Value}|${string}` ? Value : Name) | ValueNames<Rest>
  : never;

/** A `Text` as a value is translated too. */
export type Values<S extends string> = Readonly<Record<ValueNames<S>, string | number | Text>>;

/** A sentence and its values, in no language yet. Plain data, so that it can go to another process. */
export interface Text {
  readonly sentence: Sentence;
  readonly values?: Readonly<Record<string, string | number | Text>>;
}

export type PlainSentence = Exclude<Sentence, `${string}{${string}}${string}`>;

/** A sentence without values stands for itself. */
export type Message = PlainSentence | Text;

export function text<S extends Sentence>(sentence: S, values: Values<S>): Text {
  return { sentence, values };
}

export function textOf(message: Message): Text {
  return typeof message === 'string' ? { sentence: message } : message;
}

/** Words of other origin, such as a name: the same in every language. */
export function verbatim(words: string): Text {
  return { sentence: '{words}', values: { words } };
}

/** Several sentences in one line. */
export function joined(texts: readonly Text[]): Text {
  return texts.reduce((one, other) => text('{one}; {other}', { one, other }));
}

/** A word where the catalogue has it, such as a reason that a table names. */
export function wordOf(word: string): Text {
  return Object.hasOwn(zh, word) ? { sentence: word as Sentence } : verbatim(word);
}

const placeholder = /\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g;

export function inLanguage(language: Language, message: Message): string {
  const { sentence, values = {} } = textOf(message);
  const pattern: string = language === 'zh' ? zh[sentence] : sentence;
  return pattern.replace(placeholder, (_, name: string, one?: string, several?: string) => {
    const value = values[name] ?? '';
    if (one !== undefined) return Number(value) === 1 ? one : (several ?? '');
    return typeof value === 'object' ? inLanguage(language, value) : String(value);
  });
}

/** Says sentences in one language. */
export interface Say {
  <S extends Sentence>(sentence: S, ...values: ValueNames<S> extends never ? [] : [Values<S>]): string;
  (message: Message): string;
}

export function sayIn(language: Language): Say {
  return (message: Sentence | Text, values?: Text['values']) =>
    inLanguage(
      language,
      typeof message === 'string' ? { sentence: message, ...(values && { values }) } : message,
    );
}
