import { readTaxonomy } from '../classify/taxonomy.ts';
import { configured } from '../compose/configured.ts';
import type { Config } from '../config.ts';
import { padded } from '../messages/columns.ts';
import type { Say } from '../messages/text.ts';
import { openLog } from '../process/log.ts';
import { failureText } from '../vision/calls/call-failure.ts';
import { openProviders } from '../vision/calls/open-providers.ts';
import { readCatalogue } from '../vision/catalogue/catalogue.ts';
import { promptOf } from '../vision/prompt.ts';
import { checkProvider, type ProviderCheck } from '../vision/provider-check.ts';
import { samplePhoto } from './sample-photo.ts';
import { BlockedError, UsageError } from './usage-error.ts';

/**
 * Sends a sample photo to every provider, by each of its keys, and reports the results.
 * @returns exit code: 0 all answered, 1 one of them did not
 * @throws UsageError, ConfigError
 */
export async function checkLlm(
  more: readonly string[],
  load: () => Config,
  { json, say, now = Date.now() }: { json: boolean; say: Say; now?: number },
): Promise<number> {
  if (more.length > 0) throw new UsageError('check-llm takes no argument');
  const config = load();
  if (config.llm === undefined)
    throw new BlockedError('No LLM is configured: set LLM_API_KEY, LLM_BASE_URL or LLM_PROVIDERS.');
  const { checks, currency } = await checkAll(config, config.llm, now);
  const { stdout } = process;
  if (json)
    stdout.write(`${JSON.stringify({ providers: checks.map((one) => shown(one, currency)) }, null, 2)}\n`);
  else
    stdout.write(`${checks.map((one) => tableOf(one, currency, hasSeveral(checks, one), say)).join('\n')}`);
  return checks.every(({ failure }) => failure === undefined) ? 0 : 1;
}

async function checkAll(config: Config, llm: NonNullable<Config['llm']>, now: number) {
  const taxonomy = configured(() => readTaxonomy(config.taxonomyFile));
  const prompt = promptOf({ taxonomy, ...config.prompt });
  const { log } = openLog({ ...config.log, level: 'silent', toStderr: true });
  const { providers, currency } = configured(() =>
    openProviders(llm, { catalogue: readCatalogue(llm.priceFile), log }),
  );
  const jpeg = await samplePhoto(llm.imagePx);
  const categories = taxonomy.categories.map(({ key }) => key);
  const { text, form, tags } = prompt;
  const question = { prompt: text, form, tags, maxTokens: llm.maxTokens, categories };
  const checks = providers.flatMap((provider, index) =>
    (llm.providers[index]?.apiKeys ?? []).map((apiKey) => {
      const key = provider.keys.next();
      if (key === undefined) throw new Error('an unused key is healthy');
      // A body is given back when it is sent.
      const own = { ...question, jpeg: Buffer.from(jpeg) };
      return checkProvider(provider, key, { apiKey, question: own, taxonomy, now });
    }),
  );
  return { checks: await Promise.all(checks), currency };
}

const hasSeveral = (checks: readonly ProviderCheck[], { provider }: ProviderCheck) =>
  checks.filter((one) => one.provider === provider).length > 1;

function tableOf(check: ProviderCheck, currency: string, namesKey: boolean, say: Say): string {
  const { provider, key, model, host, reading, failure, usage, costOf1000, shutdown } = check;
  const yesOrNo = (value: boolean) => (value ? say('yes') : say('no'));
  const lines = [
    [say('reached'), yesOrNo(check.isReached)],
    [say('model known'), check.isModelKnown === undefined ? say('unknown') : yesOrNo(check.isModelKnown)],
    [say('answer valid'), reading ? say('yes: {category}, {confidence}', reading) : say('no')],
    [say('time'), say('{seconds} s', { seconds: (check.durationMs / 1_000).toFixed(1) })],
    [
      say('tokens'),
      usage ? say('{input} in, {output} out', { input: usage.inputTokens, output: usage.outputTokens }) : '–',
    ],
    [say('1,000 photos'), costOf1000 === undefined ? '–' : `${currency} ${costOf1000.toFixed(4)}`],
    [
      say('shutdown'),
      shutdown === undefined ? say('none known') : shutdownText(shutdown, check.daysUntilShutdown, say),
    ],
  ] as const;
  const head = namesKey
    ? say('{provider}: {model} at {host}, key {key}', { provider, model, host, key })
    : say('{provider}: {model} at {host}', { provider, model, host });
  const table = lines.map(([name, value]) => `  ${padded(name, 13)} ${value}`);
  const why = failure ? [`  ${say(failureText(failure))}`] : [];
  return `${[head, ...table, ...why].join('\n')}\n`;
}

function shutdownText(date: string, days = 0, say: Say): string {
  if (days <= 0) return say('over, {date}', { date });
  return say('in {days} {days|day|days}, {date}', { days, date });
}

/** In the manner of results' own keys, for scripts. */
function shown(check: ProviderCheck, currency: string): object {
  const { provider, key, model, host, reading, failure, usage, costOf1000, shutdown } = check;
  return {
    provider,
    key,
    model,
    host,
    is_reached: check.isReached,
    is_model_known: check.isModelKnown ?? null,
    is_answer_valid: reading !== undefined,
    ...(reading && { category: reading.category, confidence: reading.confidence }),
    duration_ms: check.durationMs,
    ...(usage && { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens }),
    ...(costOf1000 !== undefined && { cost_of_1000_photos: costOf1000, currency }),
    ...(shutdown !== undefined && { shutdown, days_until_shutdown: check.daysUntilShutdown }),
    ...(failure && { failure }),
  };
}
