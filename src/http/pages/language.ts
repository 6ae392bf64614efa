export type Language = 'en' | 'zh';

/** The language of ours that an `Accept-Language` header likes best; English where it names neither. */
export function languageOf(accepted = ''): Language {
  const liked = accepted.split(',').map((one) => {
    const [tag = '', ...parameters] = one
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    return { language: tag.split('-')[0], weight: Number(weight) };
  });
  const weightOf = (language: Language) =>
    Math.max(0, ...liked.filter((one) => one.language === language).map(({ weight }) => weight || 0));
  return weightOf('zh') > weightOf('en') ? 'zh' : 'en';
}
