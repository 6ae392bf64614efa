import { SetupError } from '../../errors.ts';
import { text } from '../../messages/text.ts';
import type { ImageTokens, TokenPrice } from '../catalogue/catalogue.ts';
import type { TokenUsage } from '../wire/vision-model.ts';

/** In the currency of all sums: for a million tokens, or a flat price a call. */
export type Price =
  | (TokenPrice & {
      /** What a call uses, before any has been made. */
      readonly typical?: TokenUsage;
    })
  | { readonly call: number };

/** Millionths of a currency unit, rounded up; undefined where the vendor did not say what was used. */
export function costMicroOf(price: Price, usage: TokenUsage | undefined): number | undefined {
  if ('call' in price) return Math.ceil(price.call * 1_000_000);
  if (usage === undefined) return undefined;
  const { inputTokens, cachedInputTokens = 0, outputTokens } = usage;
  const { input, cachedInput = input, output } = price;
  const micro =
    (inputTokens - cachedInputTokens) * input + cachedInputTokens * cachedInput + outputTokens * output;
  // Sums of decimals stray: 0.1 × 230 must not cost a millionth more than 23.
  return Math.max(0, Math.ceil(micro - 1e-6));
}

/** More than most models take for a photo of 512 px. */
const unknownUsage: TokenUsage = { inputTokens: 1_000, outputTokens: 100 };

/** What is reserved for a call before any has been paid. */
export function typicalCostMicro(price: Price): number {
  const usage = 'call' in price ? undefined : (price.typical ?? unknownUsage);
  return costMicroOf(price, usage) ?? 0;
}

/** The question itself takes some 250 tokens, the answer 30. */
const questionTokens = 400;

/** What a call uses for a square photo of that edge, where it is known how the model counts pictures. */
export function typicalUsage(rule: ImageTokens | undefined, edgePx: number): TokenUsage {
  if (rule === undefined) return unknownUsage;
  return { inputTokens: questionTokens + imageTokens(rule, edgePx, edgePx), outputTokens: 100 };
}

export function imageTokens(rule: ImageTokens, widthPx: number, heightPx: number): number {
  const { fixed, patchPx = 32, factor = 1, maxPatches = Number.POSITIVE_INFINITY, add = 0 } = rule;
  if (fixed !== undefined) return fixed;
  const patches = Math.ceil(widthPx / patchPx) * Math.ceil(heightPx / patchPx);
  return Math.floor(factor * Math.min(patches, maxPatches)) + add;
}

/**
 * The price in the currency of the sums.
 * @throws SetupError it is listed in another currency, of which no rate is known
 */
export function convertedPrice(
  price: TokenPrice,
  {
    from,
    to,
    rates,
  }: { from: string | undefined; to: string; rates: Readonly<Record<string, number | undefined>> },
): TokenPrice {
  const isFree = price.input === 0 && price.output === 0;
  if (from === undefined || from === to || isFree) return price;
  const rate = rates[from];
  if (rate === undefined)
    throw new SetupError(
      text(
        'sums and budgets are in {to}, and a provider is paid in {from}: set LLM_RATES={from}:<what 1 {from} is in {to}>',
        { from, to },
      ),
    );
  const { input, cachedInput, output } = price;
  return {
    input: input * rate,
    ...(cachedInput !== undefined && { cachedInput: cachedInput * rate }),
    output: output * rate,
  };
}
