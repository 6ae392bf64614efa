import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../answer-schemas.ts';
import { pageHeaders } from '../pages/page-headers.ts';
import { completeDocument, securitySchemes } from './openapi-document.ts';

const asset = (name: string) => readFileSync(new URL(`../pages/docs-page/${name}`, import.meta.url), 'utf8');

/** OpenAPI 3.1 from the route schemas at `/openapi.json`, and a page to browse it at `/docs`. */
export async function registerOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'album-classifier',
        version,
        description: "Tells a phone's photo album what each picture shows.",
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'classify', description: 'Upload photos' },
        { name: 'cache', description: 'Ask by hash before uploading' },
        { name: 'health', description: 'For clients and orchestrators' },
        { name: 'stats', description: 'For operators' },
        { name: 'v2', description: 'Flat answers, for client C' },
      ],
      components: { securitySchemes },
    },
    transformObject: (document) =>
      'openapiObject' in document
        ? completeDocument(document.openapiObject, Problem)
        : document.swaggerObject,
  });
  const { 'content-security-policy': _, ...headers } = pageHeaders;
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    logLevel: 'warn',
    // Without a bar that asks for the address of another document.
    uiConfig: { layout: 'BaseLayout' },
    theme: {
      title: 'album-classifier API',
      css: [{ filename: 'theme.css', content: asset('theme.css') }],
      js: [{ filename: 'theme.js', content: asset('theme.js') }],
    },
    // Nothing from elsewhere, and plain http as it comes: what is served here is seldom behind TLS.
    staticCSP:
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    uiHooks: {
      onRequest(_request, reply, next) {
        reply.headers(headers);
        next();
      },
    },
  });
}

export function openApiRoutes(app: FastifyInstance): void {
  app.get('/openapi.json', { schema: { hide: true }, logLevel: 'warn' }, async () => app.swagger());
}
