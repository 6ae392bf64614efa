import { readFileSync } from 'node:fs';
import type { TokenUsage } from './vision-model.ts';

/** Currency units for a million tokens, which is millionths of a unit for one; or a flat price a call. */
export type Price = { readonly input: number; readonly output: number } | { readonly call: number };

/** Prices by model name, as vendors publish them; a file of the same form may take its place. */
export interface PriceTable {
  readonly currency: string;
  priceOf(model: string): Price | undefined;
}

export const builtInPricesUrl = new URL('./prices.json', import.meta.url);

/** @throws Error naming what is wrong with the file */
export function readPrices(file: URL | string = builtInPricesUrl): PriceTable {
  const parsed = JSON.parse(readFileSync(file, 'utf8')) as { currency?: unknown; models?: unknown };
  const { currency, models } = parsed ?? {};
  if (typeof currency !== 'string') throw new Error('prices: `currency` must be a text');
  if (typeof models !== 'object' || models === null) throw new Error('prices: `models` must be an object');
  const prices = new Map<string, Price>(
    Object.entries(models as Record<string, unknown>).map(([name, price]) => {
      const { input, output } = (price ?? {}) as { input?: unknown; output?: unknown };
      if (!isAmount(input) || !isAmount(output))
        throw new Error(`prices: ${name}: \`input\` and \`output\` must be numbers, 0 or more`);
      return [name, { input, output }];
    }),
  );
  return {
    currency,
    // Vendors date their models: `gpt-4.1-mini-2025-04-14`, `qwen3-vl-flash-2025-10-15`, `claude-haiku-4-5-20251001`.
    priceOf: (model) =>
      prices.get(model) ?? prices.get(model.replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$/, '')),
  };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** Millionths of a currency unit, rounded up; undefined where the vendor did not say what was used. */
export function costMicroOf(price: Price, usage: TokenUsage | undefined): number | undefined {
  if ('call' in price) return Math.ceil(price.call * 1_000_000);
  return usage && Math.ceil(usage.inputTokens * price.input + usage.outputTokens * price.output);
}

/** What is reserved for a call before any has been paid: more than most models take for a photo of 512 px. */
const typicalUsage: TokenUsage = { inputTokens: 1_000, outputTokens: 100 };

export function typicalCostMicro(price: Price): number {
  return costMicroOf(price, typicalUsage) ?? 0;
}
