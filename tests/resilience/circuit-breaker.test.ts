import { beforeEach, describe, expect, test } from 'vitest';
import {
  type Attempt,
  CircuitBreaker,
  type CircuitBreakerOptions,
} from '../../src/resilience/circuit-breaker.ts';

let nowMs: number;
beforeEach(() => {
  nowMs = 0;
});

function breaker(options: Partial<CircuitBreakerOptions<string>> = {}) {
  return new CircuitBreaker<string>({
    threshold: 3,
    baseMs: 1_000,
    capMs: 4_000,
    nowMs: () => nowMs,
    random: () => 1,
    ...options,
  });
}

function attempt(circuit: ReturnType<typeof breaker>): Attempt<string> {
  const call = circuit.attempt();
  if (call === undefined) throw new Error('expected to be let through');
  return call;
}

function fail(circuit: ReturnType<typeof breaker>, times: number) {
  for (let n = 0; n < times; n++) attempt(circuit).failed('server_error');
}

test('it opens after so many failures in a row, not before', () => {
  const circuit = breaker();
  fail(circuit, 2);
  attempt(circuit).succeeded();
  fail(circuit, 2);
  expect(circuit.state).toBe('closed');
  fail(circuit, 1);
  expect(circuit.state).toBe('open');
  expect(circuit.attempt()).toBeUndefined();
  expect(circuit.waitMs()).toBe(1_000);
});

test('a call counts as failed once, and may still succeed', () => {
  const circuit = breaker();
  const slow = attempt(circuit);
  for (let n = 0; n < 5; n++) slow.failed('timeout');
  expect(circuit.state).toBe('closed');
  slow.succeeded();
  fail(circuit, 2);
  expect(circuit.state).toBe('closed');
});

test('after the cool-down one call at a time probes, and a success closes it', () => {
  const circuit = breaker();
  fail(circuit, 3);
  nowMs = 1_000;
  const probe = attempt(circuit);
  expect(circuit.attempt()).toBeUndefined();
  expect(circuit.waitMs()).toBeGreaterThan(0);
  probe.succeeded();
  expect(circuit.state).toBe('closed');
  expect(circuit.waitMs()).toBe(0);
});

test('a probe that fails opens it for longer, up to the cap', () => {
  const circuit = breaker();
  fail(circuit, 3);
  const cooldowns = [];
  for (let probes = 0; probes < 4; probes++) {
    nowMs += circuit.waitMs();
    attempt(circuit).failed('server_error');
    cooldowns.push(circuit.waitMs());
  }
  expect(cooldowns).toEqual([2_000, 4_000, 4_000, 4_000]);
});

test('a probe that says nothing lets the next one probe', () => {
  const circuit = breaker();
  fail(circuit, 3);
  nowMs = 1_000;
  attempt(circuit).abandoned();
  expect(circuit.attempt()).toBeDefined();
});

test('jitter shortens a cool-down by half at most', () => {
  const circuit = breaker({ random: () => 0 });
  fail(circuit, 3);
  expect(circuit.waitMs()).toBe(500);
});

test('a cool-down only ever lengthens', () => {
  const circuit = breaker();
  circuit.openFor(9_000, 'timeout');
  circuit.openFor(1_000, 'timeout');
  expect(circuit.waitMs()).toBe(9_000);
});

test('a success that began before it opened does not close it', () => {
  const circuit = breaker();
  const early = attempt(circuit);
  fail(circuit, 3);
  early.succeeded();
  expect(circuit.state).toBe('open');
  nowMs = 1_000;
  attempt(circuit);
  early.succeeded();
  expect(circuit.state).toBe('half-open');
});

test('it reports every change once', () => {
  const changes: string[] = [];
  const circuit = breaker({ onChange: (state) => changes.push(state) });
  fail(circuit, 3);
  nowMs = 1_000;
  attempt(circuit).succeeded();
  expect(changes).toEqual(['open', 'half-open', 'closed']);
});

test('it says why it opened', () => {
  const causes: unknown[] = [];
  const circuit = breaker({ onChange: (_state, _previous, cause) => causes.push(cause) });
  fail(circuit, 2);
  attempt(circuit).failed('bad_answer');
  expect(circuit.cause).toBe('bad_answer');
  nowMs = 1_000;
  attempt(circuit).succeeded();
  expect(causes).toEqual(['bad_answer', 'bad_answer', undefined]);
  expect(circuit.cause).toBeUndefined();
});

describe('a probe that takes long', () => {
  test('counts as failed after its limit', () => {
    const circuit = breaker({ probeLimitMs: () => 450 });
    fail(circuit, 3);
    nowMs = 1_000;
    attempt(circuit);
    expect([circuit.isProbing, circuit.waitMs()]).toEqual([true, 450]);
    nowMs = 1_450;
    expect([circuit.state, circuit.isProbing]).toEqual(['open', false]);
    // Counted from the start of the probe.
    expect(circuit.waitMs()).toBe(1_550);
  });

  test('closes it when it succeeds after all', () => {
    const circuit = breaker({ probeLimitMs: () => 450 });
    fail(circuit, 3);
    nowMs = 1_000;
    const probe = attempt(circuit);
    nowMs = 2_500;
    expect(circuit.state).toBe('open');
    probe.succeeded();
    expect(circuit.state).toBe('closed');
  });

  test('does not close the circuit of a later outage', () => {
    const circuit = breaker({ probeLimitMs: () => 450 });
    fail(circuit, 3);
    nowMs = 1_000;
    const probe = attempt(circuit);
    nowMs = 10_000;
    attempt(circuit).succeeded();
    fail(circuit, 3);
    probe.succeeded();
    expect(circuit.state).toBe('open');
  });
});

test('calls of before an outage that fail after it do not open it again', () => {
  const circuit = breaker();
  const hung = [1, 2, 3].map(() => attempt(circuit));
  fail(circuit, 3);
  nowMs = 1_000;
  attempt(circuit).succeeded();
  for (const call of hung) call.failed('timeout');
  expect(circuit.state).toBe('closed');
});

test('a wait ends with a change', async () => {
  const circuit = breaker();
  fail(circuit, 3);
  nowMs = 1_000;
  const probe = attempt(circuit);
  const waiting = circuit.wait(60_000, new AbortController().signal);
  probe.succeeded();
  await waiting;
  expect(circuit.state).toBe('closed');
});
