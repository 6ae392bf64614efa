import { Registry } from '@prometheus-io/client';
import { expect, test } from 'vitest';
import { openLlmMetrics } from '../../src/stats/metrics/llm-metrics.ts';

test('a call is seen with its outcome, tokens and cost, and a repetition as one', async () => {
  const registry = new Registry();
  const metrics = openLlmMetrics(registry);
  const call = { provider: 'qwen', model: 'vl', durationMs: 1_500, waitedMs: 10 };
  const usage = { inputTokens: 310, outputTokens: 28 };
  metrics.call({ ...call, attempt: 1, outcome: 'server_error' });
  metrics.call({ ...call, attempt: 2, outcome: 'answered', usage, costMicro: 250_000 });
  const text = await registry.metrics();
  expect(text).toContain('album_llm_calls_total{provider="qwen",model="vl",outcome="answered"} 1');
  expect(text).toContain('album_llm_retries_total{provider="qwen"} 1');
  expect(text).toContain('album_llm_tokens_total{provider="qwen",direction="input"} 310');
  expect(text).toContain('album_llm_cost_total{provider="qwen"} 0.25');
  expect(text).toContain('album_llm_call_duration_seconds_bucket{le="2",provider="qwen"} 2');
});

test('state is read at each scrape', async () => {
  const registry = new Registry();
  let waiting = 3;
  openLlmMetrics(registry).watch(() => ({
    isOverBudget: true,
    providers: [
      {
        name: 'qwen',
        account: 'ali',
        circuit: 'open',
        healthyKeys: 1,
        limiter: { inFlight: 1, waiting, limit: 8 },
      },
    ],
  }));
  expect(await registry.metrics()).toContain('album_llm_waiting{account="ali"} 3');
  waiting = 0;
  const text = await registry.metrics();
  expect(text).toContain('album_llm_waiting{account="ali"} 0');
  expect(text).toContain('album_llm_circuit{provider="qwen"} 2');
  expect(text).toContain('album_llm_over_budget 1');
});
