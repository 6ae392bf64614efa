import { zhCli } from './zh-cli.ts';
import { zhEval } from './zh-eval.ts';
import { zhPages } from './zh-pages.ts';
import { zhProblems } from './zh-problems.ts';

export type Language = 'en' | 'zh';

/** Every sentence that people read, in English, with its Chinese translation. Values stand in braces: `{count}`. */
const zh = { ...zhProblems, ...zhPages, ...zhCli, ...zhEval };

/** An English sentence of the catalogue. The compiler rejects one without a translation. */
export type Sentence = keyof typeof zh;

type ValueNames<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ValueNames<Rest>
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

export function inLanguage(language: Language, message: Message): string {
  const { sentence, values = {} } = textOf(message);
  const pattern: string = language === 'zh' ? zh[sentence] : sentence;
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? '';
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
