import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Answer } from '../../../classify/classifier.ts';
import type { Strategy } from '../../../classify/strategy.ts';
import type { Taxonomy } from '../../../classify/taxonomy.ts';
import { type Language, type PlainSentence, type Say, sayIn } from '../../../messages/text.ts';

/** What the page says of the service: nothing that its answers don't say, too. */
export interface Setup {
  readonly version: string;
  readonly strategy: Strategy;
  readonly llm?: string | undefined;
  readonly local?: string | undefined;
  readonly maxPhotoBytes: number;
  readonly apiKeys: keyof typeof keyRules;
}

const strategies: Readonly<Record<Strategy, PlainSentence>> = {
  'llm-first': 'the LLM; the local model where it can’t',
  'local-first': 'the local model; the LLM where that is not sure',
  'local-only': 'the local model',
  'llm-only': 'the LLM',
};

const keyRules = {
  off: 'not needed',
  optional: 'looked at where one is sent',
  required: 'needed',
} as const;

const asset = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const style = asset('page.css');
const script = asset('page.js');

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** For a self-contained page that no other page may frame. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  "connect-src 'self'",
  'img-src blob: data:',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** @param answer HTML of `answerHtml` or `problemHtml`; empty for none */
export function pageHtml(language: Language, setup: Setup, answer = ''): string {
  const say = sayIn(language);
  const other = language === 'en' ? 'zh' : 'en';
  const needsKey = setup.apiKeys === 'required';
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-Hans' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>album-classifier</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>
<h1>album-classifier</h1>
<a href="/?lang=${other}" hreflang="${other}" lang="${other}">${language === 'zh' ? 'English' : '中文'}</a>
</header>
<main>
<p>${escaped(say('Give it a photo, and see what it shows.'))}</p>
<form method="post" action="/?lang=${language}" enctype="multipart/form-data" data-busy="${escaped(say('Looking at the photo…'))}" data-unreachable="${escaped(say('The service did not answer. Is it still running?'))}" data-preview="${escaped(say('The photo that was sent'))}">
<p>${escaped(say('Drop a photo anywhere on this page, or choose one.'))}</p>
<div class="row">
<label>${escaped(say('Photo'))}<input id="photo" name="image" type="file" accept="image/*,.heic,.heif" required></label>
${setup.apiKeys === 'off' ? '' : `<label>${escaped(say('API key'))}<input id="key" type="password" autocomplete="off"${needsKey ? ' required' : ''}></label>`}
<button type="submit">${escaped(say('Classify'))}</button>
</div>
${needsKey ? `<noscript><p>${escaped(say('This service wants an API key, which this form can send with JavaScript only.'))}</p></noscript>` : ''}
</form>
<section id="answer" aria-live="polite" aria-label="${escaped(say('Answer'))}">${answer}</section>
<section aria-labelledby="configured">
<h2 id="configured">${escaped(say('What is configured'))}</h2>
${definitions(configuredIn(say, setup))}
</section>
<section aria-labelledby="more">
<h2 id="more">${escaped(say('More'))}</h2>
<ul class="links">
<li><a href="/docs">${escaped(say('The API, to read and to try'))}</a></li>
<li><a href="/ops">${escaped(say('Live figures, for operators'))}</a></li>
<li><a href="/api/v1/health">${escaped(say('Health'))}</a></li>
</ul>
</section>
</main>
<script type="module">${script}</script>
</body>
</html>
`;
}

function configuredIn(say: Say, setup: Setup): [string, string][] {
  return [
    [say('Who answers'), say(strategies[setup.strategy])],
    [say('Vision LLM'), setup.llm ?? say('none (LLM_API_KEY sets one)')],
    [say('Local model'), setup.local ?? say('none')],
    [say('Largest photo'), say('{count} MB', { count: Math.floor(setup.maxPhotoBytes / 1_000_000) })],
    [say('API keys'), say(keyRules[setup.apiKeys])],
    [say('Version'), setup.version],
  ];
}

const shownBars = 4;

export function answerHtml(
  language: Language,
  { answer, durationMs }: { readonly answer: Answer; readonly durationMs: number },
  taxonomy: Taxonomy,
): string {
  const say = sayIn(language);
  const { classification: said, from, degraded } = answer;
  const isNew = from === 'model' || from === 'flight';
  const nameOf = (key: string) => taxonomy.categories.find((one) => one.key === key)?.[language] ?? key;
  const who = say(said.method === 'llm' ? 'the vision LLM {model}' : 'the local model {model}', {
    model: said.model,
  });
  // A category that is no longer configured has none.
  const description = said.description ?? taxonomy.describe(said.category, language);
  const bars = barsOf(answer, taxonomy).map(
    ([key, share]) =>
      `<li><span>${escaped(nameOf(key))}</span><progress max="1" value="${share.toFixed(4)}" aria-label="${escaped(nameOf(key))}"></progress><output>${(share * 100).toFixed(1)} %</output></li>`,
  );
  return `<h2>${escaped(say('Answer'))}</h2>
<p class="category" data-category="${escaped(said.category)}">${escaped(nameOf(said.category))}</p>
${description === undefined ? '' : `<p>${escaped(description)}</p>`}
${degraded ? `<p class="bad">${escaped(say(isNew ? 'The LLM could not answer; this is the local model’s weaker answer.' : 'This is the local model’s weaker answer; the LLM has not judged this photo.'))}</p>` : ''}
<ul class="bars" aria-label="${escaped(say('Confidence'))}">${bars.join('')}</ul>
${definitions([
  [say('Answered by'), isNew ? who : say('the cache; {model} said so earlier', { model: who })],
  [say('Time'), say('{count} ms', { count: durationMs })],
])}`;
}

/** The answer's own confidence first, then what the local model thinks of the other categories, where it was asked. */
function barsOf({ classification: said }: Answer, taxonomy: Taxonomy): [string, number][] {
  const others = new Map<string, number>();
  for (const [label, share] of Object.entries(said.scores ?? {})) {
    const key = taxonomy.categoryOfLabel(label);
    if (key !== said.category) others.set(key, (others.get(key) ?? 0) + share);
  }
  const next = [...others].sort(([, a], [, b]) => b - a).slice(0, shownBars - 1);
  return [[said.category, said.confidence], ...next];
}

export function problemHtml(language: Language, sentence: string): string {
  const say = sayIn(language);
  return `<h2>${escaped(say('No answer'))}</h2>\n<p class="bad" role="alert">${escaped(sentence)}</p>`;
}

function definitions(pairs: readonly (readonly [string, string])[]): string {
  const rows = pairs.map(([term, words]) => `<dt>${escaped(term)}</dt><dd>${escaped(words)}</dd>`);
  return `<dl>${rows.join('')}</dl>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (one) => entities[one] ?? one);
}
