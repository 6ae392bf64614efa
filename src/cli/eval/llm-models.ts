import { createHash } from 'node:crypto';
import { configured } from '../../compose/configured.ts';
import { text } from '../../messages/text.ts';
import { openLog } from '../../process/log.ts';
import { openProviders, type ProviderOptions } from '../../vision/calls/open-providers.ts';
import { typicalCostMicro } from '../../vision/calls/price.ts';
import { hostOf, type Provider } from '../../vision/calls/provider.ts';
import { readCatalogue } from '../../vision/catalogue/catalogue.ts';
import { promptOf } from '../../vision/prompt.ts';
import { UsageError } from '../usage-error.ts';
import type { Question } from './answers-file.ts';
import type { EvalRun } from './run.ts';
import type { EvalSettings } from './settings.ts';

/** A model of a vendor that an evaluation may ask. */
export interface Candidate {
  readonly name: string;
  readonly provider: Provider;
  readonly question: Question;
  readonly isAnswered: (sha256: string) => boolean;
  /** What its answers to all photos without one will cost, about; undefined where no price is known. */
  readonly estimateMicro: number | undefined;
}

export interface Candidates {
  readonly list: readonly Candidate[];
  /** Of all prices. */
  readonly currency: string;
}

/**
 * The models of all providers, and further ones, each once for the same request.
 * @param sendable photos that may be sent
 * @throws UsageError an unknown provider; ConfigError
 */
export function candidatesOf(
  { config, taxonomy, answers }: EvalRun,
  models: EvalSettings['models'],
  sendable: readonly { readonly sha256: string }[],
): Candidates {
  const { llm } = config;
  if (llm === undefined) {
    if (models.length > 0)
      throw new UsageError('--model needs an LLM: set LLM_API_KEY, LLM_BASE_URL or LLM_PROVIDERS');
    return { list: [], currency: 'USD' };
  }
  const more = models.map(({ provider, model }) => {
    const base = llm.providers.find(({ name }) => provider === undefined || name === provider);
    if (!base)
      throw new UsageError(text('--model: there is no provider {provider}', { provider: provider ?? '' }));
    // A price that an operator set is that of the other model.
    return { ...base, model, priceInput: undefined, priceOutput: undefined };
  });
  const options = { ...llm, providers: [...llm.providers, ...more] };
  const { log } = openLog({ ...config.log, level: 'silent', toStderr: true });
  const { providers, currency } = configured(() =>
    openProviders(options, { catalogue: readCatalogue(llm.priceFile), log }),
  );
  const prompt = promptOf({ taxonomy, ...config.prompt });
  const { imagePx, maxTokens } = llm;
  const questionTo = (provider: Provider, own: ProviderOptions | undefined): Question => {
    const { model, lane, target } = provider;
    const rules = {
      ...target.request,
      structuredOutput: own?.structuredOutput ?? target.request.structuredOutput,
    };
    const asked = [hostOf(provider), lane, prompt, imagePx, maxTokens, rules, own?.extraBody];
    return { model, version: createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 16) };
  };
  const byQuestion = new Map(
    providers
      .map((provider, index) => ({ provider, question: questionTo(provider, options.providers[index]) }))
      .map((one) => [`${one.question.version} ${one.question.model}`, one] as const)
      .toReversed(),
  );
  const distinct = [...byQuestion.values()].toReversed();
  const list = distinct.map(({ provider, question }) => {
    const { model, name, price } = provider;
    const isAlone = distinct.filter((one) => one.provider.model === model).length === 1;
    const outcomes = answers.outcomesOf(question);
    const costs = [...outcomes.values()].flatMap(({ costMicro }) => costMicro ?? []);
    const eachMicro =
      costs.length > 0
        ? costs.reduce((sum, one) => sum + one, 0) / costs.length
        : price && typicalCostMicro(price);
    const missing = sendable.filter(({ sha256 }) => !outcomes.has(sha256)).length;
    return {
      ...{ provider, question },
      name: isAlone ? model : `${model} (${name})`,
      isAnswered: (sha256: string) => outcomes.has(sha256),
      estimateMicro: missing === 0 ? 0 : eachMicro && eachMicro * missing,
    };
  });
  return { list, currency };
}
