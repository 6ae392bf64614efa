import { readTaxonomy } from '../classify/taxonomy.ts';
import { configured } from '../compose/configured.ts';
import type { Config } from '../config.ts';
import { openLog } from '../process/log.ts';
import { openProviders } from '../vision/calls/open-providers.ts';
import { readCatalogue } from '../vision/catalogue/catalogue.ts';
import { promptOf } from '../vision/prompt.ts';
import { checkProvider, type ProviderCheck } from '../vision/provider-check.ts';
import { samplePhoto } from './sample-photo.ts';
import { UsageError } from './usage-error.ts';

/**
 * Sends a sample photo to every provider, by each of its keys, and reports the results.
 * @returns exit code: 0 all answered, 1 one of them did not
 * @throws UsageError, ConfigError
 */
export async function checkLlm(
  more: readonly string[],
  load: () => Config,
  { json, now = Date.now() }: { json: boolean; now?: number },
): Promise<number> {
  if (more.length > 0) throw new UsageError('check-llm takes no argument');
  const config = load();
  if (config.llm === undefined)
    throw new UsageError('No LLM is configured: set LLM_API_KEY, LLM_BASE_URL or LLM_PROVIDERS.');
  const { checks, currency } = await checkAll(config, config.llm, now);
  const { stdout } = process;
  if (json)
    stdout.write(`${JSON.stringify({ providers: checks.map((one) => shown(one, currency)) }, null, 2)}\n`);
  else stdout.write(`${checks.map((one) => textOf(one, currency, hasSeveral(checks, one))).join('\n')}`);
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
  const question = { prompt: prompt.text, form: prompt.form, maxTokens: llm.maxTokens, categories };
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

function textOf(check: ProviderCheck, currency: string, namesKey: boolean): string {
  const { provider, key, model, host, reading, failure, usage, costOf1000, shutdown } = check;
  const known = check.isModelKnown === undefined ? 'unknown' : yesOrNo(check.isModelKnown);
  const lines = [
    ['reached', yesOrNo(check.isReached)],
    ['model known', known],
    ['answer valid', reading ? `yes: ${reading.category}, ${reading.confidence}` : 'no'],
    ['time', `${(check.durationMs / 1_000).toFixed(1)} s`],
    ['tokens', usage ? `${usage.inputTokens} in, ${usage.outputTokens} out` : '–'],
    ['1,000 photos', costOf1000 === undefined ? '–' : `${currency} ${costOf1000.toFixed(4)}`],
    ['shutdown', shutdown === undefined ? 'none known' : `${daysText(check.daysUntilShutdown)}, ${shutdown}`],
  ] as const;
  const head = `${provider}: ${model} at ${host}${namesKey ? `, key ${key}` : ''}`;
  const table = lines.map(([name, value]) => `  ${name.padEnd(13)} ${value}`);
  return `${[head, ...table, ...(failure ? [`  ${failure.words}`] : [])].join('\n')}\n`;
}

const yesOrNo = (value: boolean) => (value ? 'yes' : 'no');

function daysText(days = 0): string {
  if (days <= 0) return 'over';
  return days === 1 ? 'in 1 day' : `in ${days} days`;
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
