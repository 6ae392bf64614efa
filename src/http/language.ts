import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Language } from '../messages/text.ts';

/** The language of ours that the caller's `Accept-Language` likes best; English where it names neither. */
export function languageOf({
  headers: { 'accept-language': accepted = '' },
}: Pick<FastifyRequest, 'headers'>): Language {
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

/** Of a page: the language that its link chose, else the caller's. */
export function pageLanguageOf(request: FastifyRequest): Language {
  const { lang } = request.query as { lang?: unknown };
  return lang === 'en' || lang === 'zh' ? lang : languageOf(request);
}

/** Tells caches that another `Accept-Language` gets another answer. */
export function varyByLanguage(reply: FastifyReply): void {
  const headers = String(reply.getHeader('vary') ?? '');
  if (/accept-language/i.test(headers)) return;
  reply.header('vary', headers === '' ? 'Accept-Language' : `${headers}, Accept-Language`);
}
