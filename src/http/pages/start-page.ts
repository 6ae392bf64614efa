import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Taxonomy } from '../../classify/taxonomy.ts';
import { inLanguage } from '../../messages/text.ts';
import { startPage } from '../access/caller.ts';
import type { ClientRules } from '../access/client-access.ts';
import { pageLanguageOf } from '../language.ts';
import { publicError, sendError } from '../problem.ts';
import { openPhotoRequests, type PhotoRequestParts } from '../routes/classify.ts';
import { pageHeaders } from './page-headers.ts';
import { answerHtml, contentSecurityPolicy, pageHtml, problemHtml, type Setup } from './start-page/render.ts';

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
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      reply.headers(headers).header('vary', 'Accept-Language, Origin');
      reply.header('content-language', pageLanguageOf(request));
    },
  };

  app.get(startPage, options, async (request, reply) => {
    reply.type(type);
    return pageHtml(pageLanguageOf(request), setup);
  });

  app.post(startPage, {
    ...options,
    validatorCompiler: () => () => true,
    async handler(request, reply) {
      const language = pageLanguageOf(request);
      const result = await classify(request, reply);
      reply.type(type);
      return pageHtml(language, setup, answerHtml(language, result, taxonomy));
    },
    errorHandler(failure, request, reply) {
      const language = pageLanguageOf(request);
      const error = publicError(failure, request);
      const body = pageHtml(language, setup, problemHtml(language, inLanguage(language, error.text)));
      return sendError(request, reply, error, { type, language, body });
    },
  });
}
