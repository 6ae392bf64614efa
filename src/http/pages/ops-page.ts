import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { inLanguage, type Language, type PlainSentence } from '../../messages/text.ts';
import { zhPages } from '../../messages/zh-pages.ts';
import { pageLanguageOf, varyByLanguage } from '../language.ts';
import { type OpsRule, opsPageAccess } from '../ops/access.ts';
import { withPageHeaders } from './page-headers.ts';

const own = (name: string) => new URL(`./ops-page/${name}`, import.meta.url);
const { resolve } = createRequire(import.meta.url);

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';
const files = [
  { path: 'app.css', file: own('app.css'), type: style },
  { path: 'app.js', file: own('app.js'), type: script },
  { path: 'charts.js', file: own('charts.js'), type: script },
  { path: 'panels.js', file: own('panels.js'), type: script },
  { path: 'words.js', file: own('words.js'), type: script },
  { path: 'uplot.js', file: resolve('uplot/dist/uPlot.iife.min.js'), type: script },
  { path: 'uplot.css', file: resolve('uplot/dist/uPlot.min.css'), type: style },
] as const;

/**
 * The page of operators, all of it from here. It holds no figure: those it asks for, with the token that its user
 * types in. Without a token it answers to whom the figures do.
 */
export function opsPageRoutes(app: FastifyInstance, { opsRule }: { opsRule: OpsRule }): void {
  const options = {
    schema: { hide: true },
    logLevel: 'warn' as const,
    onRequest: [withPageHeaders, opsPageAccess(opsRule)],
  };
  const pages = { en: pageIn('en'), zh: pageIn('zh') };
  app.get('/ops', options, async (request, reply) => {
    const language = pageLanguageOf(request);
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache');
    varyByLanguage(reply.header('content-language', language));
    return pages[language];
  });
  for (const { path, file, type } of files) {
    const body = readFileSync(file);
    app.get(`/ops/${path}`, options, async (_, reply) => {
      reply.type(type).header('cache-control', 'no-cache');
      return body;
    });
  }
}

/** The page marks its sentences with double braces; its scripts find theirs in a block of JSON. */
function pageIn(language: Language): string {
  const page = readFileSync(own('index.html'), 'utf8').replace(
    /\{\{(.+?)\}\}/g,
    (_, sentence: PlainSentence) => inLanguage(language, sentence),
  );
  if (language === 'en') return page;
  const json = JSON.stringify(zhPages).replaceAll('<', '\\u003c');
  return page
    .replace('<html lang="en">', '<html lang="zh-Hans">')
    .replace(
      'href="/ops?lang=zh" hreflang="zh" lang="zh">中文<',
      'href="/ops?lang=en" hreflang="en" lang="en">English<',
    )
    .replace('application/json">{}<', () => `application/json">${json}<`);
}
