import { type Language, type PlainSentence, type Say, sayIn } from '../messages/text.ts';
import { calibrationChart, curveChart } from './charts.ts';
import type { Disagreement, Evaluation } from './evaluation.ts';
import { html, type Markup, markup } from './html.ts';
import { settingsFor } from './local-first.ts';
import type { Measurement } from './measure.ts';
import { modelTable } from './model-table.ts';
import { style } from './style.ts';
import { cautionText, comparisonText, intervalText, photosText, pointText, proposalText } from './words.ts';

export interface HtmlReportOptions {
  readonly language: Language;
  /** JPEGs by the hash of the photo, in base64. */
  readonly thumbnails?: ReadonlyMap<string, string>;
}

interface Report {
  readonly evaluation: Evaluation;
  readonly thumbnails: ReadonlyMap<string, string>;
  readonly say: Say;
}

const nothing = markup('');

/** A page that needs nothing else: no script, no font, no connection. */
export function htmlReport(
  evaluation: Evaluation,
  { language, thumbnails = new Map() }: HtmlReportOptions,
): string {
  const { photos, categories, photosOf, models, comparisons, cautions, localFirst } = evaluation;
  const say = sayIn(language);
  const report: Report = { evaluation, thumbnails, say };
  const title = say('{count} {count|model|models} on {photos}', {
    count: models.length,
    photos: photosText(photos),
  });
  const present = categories.filter((key) => photosOf[key]);
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  return html`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${policy}"><title>${title}</title>
<style>${markup(style)}${thumbnailRules(thumbnails)}</style></head><body>
<h1>${title}</h1>
<p>${present.map((key) => `${key} ${photosOf[key]}`).join(' · ')}</p>
${cautions.map((one) => html`<p class="caution">${say(cautionText(one))}</p>`)}
${modelSummary(report)}
${comparisons.map((one) => html`<p>${say(comparisonText(one))}</p>`)}
${localFirst.map((one) => localFirstSection(one, report))}
${models.map((model) => modelSection(model, report))}
${disagreementSection(report)}
<section><h2>${say('How it is computed')}</h2><ul>
${methods.map((one) => html`<li>${say(one)}`)}
</ul></section>
</body></html>
`.html;
}

function thumbnailRules(thumbnails: ReadonlyMap<string, string>): Markup {
  const rules = [...thumbnails].map(
    ([sha256, jpeg]) => `.t${sha256}{background-image:url(data:image/jpeg;base64,${jpeg})}`,
  );
  return markup(rules.join(''));
}

function thumbnail({ sha256, file }: Disagreement, thumbnails: ReadonlyMap<string, string>): Markup {
  if (!thumbnails.has(sha256)) return nothing;
  return html`<span class="thumbnail t${sha256}" role="img" aria-label="${file}" title="${file}"></span>`;
}

function headRow(titles: readonly string[]): Markup {
  return html`<thead><tr>${titles.map((title) => html`<th>${title}`)}</thead>`;
}

function modelSummary({ evaluation, say }: Report): Markup {
  const { titles, rows } = modelTable(evaluation, say);
  return html`<div class="wide"><table>${headRow(titles)}<tbody>
${rows.map(([name = '', ...cells]) => html`<tr><th>${name}${cells.map((cell) => html`<td>${cell}`)}`)}</tbody></table></div>`;
}

function localFirstSection(one: Evaluation['localFirst'][number], { evaluation, say }: Report): Markup {
  const { local, llm, photos, asConfigured, proposal } = one;
  const { currency, categories } = evaluation;
  const proposed = proposalText(one, currency);
  const dot = proposal?.verdict === 'unreached' ? say('most accurate') : say('proposed');
  return html`<section><h2>${say('Local first: {local}, then {llm}', { local, llm })}</h2>
<p>${say('On {photos}. The local answer counts from a confidence on; the LLM answers the other photos.', { photos: photosText(photos) })}</p>
<figure>${curveChart(one, { currency, say })}<figcaption>${say('Band: 95 % interval.')}${asConfigured ? html` <i class="configured"></i> ${say('as configured')}` : nothing}${proposal ? html` <i class="proposed"></i> ${dot} <i class="dash"></i> ${say('target')}` : nothing}</figcaption></figure>
${asConfigured ? html`<p>${say('As configured: {point}.', { point: pointText(asConfigured, currency) })}</p>` : nothing}
${proposal ? html`<p${markup(proposal.verdict === 'supported' ? '' : ' class="caution"')}>${proposed ? say(proposed) : ''}</p>` : nothing}
${proposal && proposal.verdict !== 'unreached' ? html`<pre>${settingsFor(proposal.point, categories)}</pre>` : nothing}
</section>`;
}

function modelSection(model: Measurement, report: Report): Markup {
  const { say } = report;
  const { name, calibration, recalls } = model;
  return html`<section><h2>${name}</h2>${confusionTable(model, report)}
${mistakes(model, report)}
<div class="columns"><table>${headRow([say('Category'), say('Photos'), say('Recall')])}<tbody>
${recalls.filter(({ recall }) => recall.of > 0).map(({ category, recall }) => html`<tr><th>${category}<td>${recall.of}<td>${intervalText(recall)}`)}</tbody></table>
<figure>${calibrationChart(name, calibration, say)}<figcaption>${say('Confidence and accuracy by bin; whiskers: 95 % interval.')}</figcaption></figure></div></section>`;
}

function confusionTable(
  { confusion }: Measurement,
  { evaluation: { categories, photosOf }, say }: Report,
): Markup {
  const rows = categories.filter((key) => photosOf[key]);
  const columns = categories.filter(
    (key) => rows.includes(key) || confusion.some(({ answered }) => answered === key),
  );
  const cell = (actual: string, answered: string) => {
    const photos = confusion.find((one) => one.actual === actual && one.answered === answered)?.photos ?? 0;
    const share = Math.round((photos / (photosOf[actual] || 1)) * 100);
    const kind = actual === answered ? 'right' : 'wrong';
    return photos === 0
      ? html`<td class="none">·`
      : html`<td class="${kind}" style="--share:${share}%">${photos}`;
  };
  return html`<div class="wide"><table class="confusion"><caption>${say('Rows: the right category. Columns: the answer.')}</caption><thead><tr><th>${columns.map((key) => html`<th><span>${key}</span>`)}</thead><tbody>
${rows.map((actual) => html`<tr><th>${actual}${columns.map((answered) => cell(actual, answered))}`)}</tbody></table></div>`;
}

/** The photos of each wrong cell. */
function mistakes({ name, confusion }: Measurement, { evaluation, thumbnails, say }: Report): Markup {
  const { disagreements, models } = evaluation;
  if (thumbnails.size === 0) return nothing;
  const index = models.findIndex((one) => one.name === name);
  const wrong = confusion.filter(({ actual, answered }) => actual !== answered);
  return html`${wrong.map(({ actual, answered, photos }) => {
    const own = disagreements.filter(
      (one) => one.category === actual && one.answers[index]?.category === answered,
    );
    return html`<p>${say('{actual} as {answered} {count}×', { actual, answered, count: photos })} ${own.map((one) => thumbnail(one, thumbnails))}</p>`;
  })}`;
}

const mostRows = 500;

function disagreementSection({ evaluation, thumbnails, say }: Report): Markup {
  const { disagreements, models } = evaluation;
  if (disagreements.length === 0)
    return html`<section><h2>${say('Mistakes')}</h2><p>${say('None.')}</p></section>`;
  const shown = disagreements.slice(0, mostRows);
  const rest = disagreements.length - shown.length;
  return html`<section><h2>${say('Photos that a model has wrong: {count}', { count: disagreements.length })}</h2><div class="wide"><table class="photos"><thead><tr>${thumbnails.size > 0 ? markup('<th>') : nothing}<th>${say('Photo')}<th>${say('Right')}${models.map(({ name }) => html`<th>${name}`)}</thead><tbody>
${shown.map((one) => html`<tr>${thumbnails.size > 0 ? html`<td>${thumbnail(one, thumbnails)}` : nothing}<td>${one.file}<td>${one.category}${one.answers.map((answer) => (answer ? html`<td class="${answer.category === one.category ? 'right' : 'wrong'}">${answer.category} ${answer.confidence.toFixed(2)}` : markup('<td>–')))}`)}</tbody></table></div>
${rest > 0 ? html`<p>${say('The JSON output has {count} more.', { count: rest })}</p>` : nothing}</section>`;
}

const methods: readonly PlainSentence[] = [
  'Photos without an answer count for neither accuracy nor recall. Photos that occur twice count once.',
  'Intervals hold the true value in 95 of 100 samples like this one. For shares: Wilson’s score interval (1927). For macro recall, the mean recall of categories with photos: MOVER, from the Wilson intervals of the recalls (Zou and Donner, 2008).',
  'Two models are compared on the photos that both answered, by the exact test of McNemar.',
  'Calibration error: the mean difference of confidence and accuracy over ten bins, weighted by photos.',
  'Costs are those of all calls, failed ones counted in, by the prices configured or in the catalogue. Electricity is not counted.',
  'Times are of one call without its wait for a turn, or of decoding and the local model. p95 needs 20 answers.',
  'Local first: where the LLM refuses a photo, gives no usable answer or must not get it, the local answer counts.',
  'The threshold is chosen on these photos. The proposal takes the lower end of the interval, so that its target holds on other photos of the same kind; photos of another kind may differ.',
];
