import type { Language } from './text.ts';

/** The language of a user's system. POSIX: the first of these that is set counts. */
export function languageOfSystem({
  LC_ALL,
  LC_MESSAGES,
  LANG,
}: Readonly<Record<string, string | undefined>>): Language {
  return /^zh/i.test(LC_ALL || LC_MESSAGES || LANG || '') ? 'zh' : 'en';
}

/** `--lang` among the arguments: wrong ones are reported in its language too. */
export function languageIn(args: readonly string[]): Language | undefined {
  const at = args.findLastIndex((one) => one === '--lang' || one.startsWith('--lang='));
  const [, value = args[at + 1]] = args[at]?.split('=') ?? [];
  return value === 'en' || value === 'zh' ? value : undefined;
}
