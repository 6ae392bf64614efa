import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Taxonomy } from '../../classify/taxonomy.ts';
import { startPage } from '../access/caller.ts';
import type { ClientRules } from '../access/client-access.ts';
import { publicError, sendError } from '../problem.ts';
import { openPhotoRequests, type PhotoRequestParts } from '../routes/classify.ts';
import { type Language, languageOf } from './language.ts';
import { pageHeaders } from './page-headers.ts';
import { answerHtml, contentSecurityPolicy, pageHtml, problemHtml, type Setup } from './start-page/render.ts';
import { problemIn } from './start-page/words.ts';

const type = 'text/html; charset=utf-8';
const headers = {
  ...pageHeaders,
  'content-security-policy': contentSecurityPolicy,
  // A form of a page without a referrer has no origin, and UPLOAD_ORIGINS would not know it for our own.
  'referrer-policy': 'same-origin',
  'cache-control': 'no-cache',
};

export interface StartPageParts extends PhotoRequestParts {
  readonly taxonomy: Taxonomy;
  readonly models: Pick<Setup, 'strategy' | 'llm' | 'local'>;
  readonly clientRules: Pick<ClientRules, 'apiKeys'>;
  /** Of this service. */
  readonly version: string;
}

/** A page to try the service with: one form, which works without a script, and what is configured. */
export function startPageRoutes(app: FastifyInstance, parts: StartPageParts): void {
  const { taxonomy, limits, models, version, clientRules } = parts;
  const classify = openPhotoRequests(parts);
  const setup: Setup = {
    ...models,
    version,
    maxPhotoBytes: limits.fileBytes,
    apiKeys: clientRules.apiKeys,
  };
  const options = {
    schema: { hide: true, consumes: ['multipart/form-data'] },
    logLevel: 'warn' as const,
    onRequest: async (_: FastifyRequest, reply: FastifyReply) => {
      reply.headers(headers).header('vary', 'Accept-Language, Origin');
    },
  };

  app.get(startPage, options, async (request, reply) => {
    reply.type(type);
    return pageHtml(languageFor(request), setup);
  });

  app.post(startPage, {
    ...options,
    validatorCompiler: () => () => true,
    async handler(request, reply) {
      const language = languageFor(request);
      const result = await classify(request, reply);
      reply.type(type);
      return pageHtml(language, setup, answerHtml(language, result, taxonomy));
    },
    errorHandler(failure, request, reply) {
      const language = languageFor(request);
      const error = publicError(failure, request);
      const text = pageHtml(language, setup, problemHtml(language, problemIn(language, error)));
      return sendError(request, reply, error, { type, text });
    },
  });
}

/** The one that the page's link chose, else the browser's. */
function languageFor({ query, headers: { 'accept-language': accepted } }: FastifyRequest): Language {
  const { lang } = query as { lang?: unknown };
  return lang === 'en' || lang === 'zh' ? lang : languageOf(accepted);
}
