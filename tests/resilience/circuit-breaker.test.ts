import { beforeEach, expect, test } from 'vitest';
import {
  type CircuitBreakerOptions,
  circuitBreaker,
  type Passage,
} from '../../src/resilience/circuit-breaker.ts';

let nowMs: number;
beforeEach(() => {
  nowMs = 0;
});

function breaker(options: Partial<CircuitBreakerOptions> = {}) {
  return circuitBreaker({
    threshold: 3,
    baseMs: 1_000,
    capMs: 4_000,
    nowMs: () => nowMs,
    random: () => 1,
    ...options,
  });
}

function enter(circuit: ReturnType<typeof breaker>): Passage {
  const passage = circuit.enter();
  if (passage === undefined) throw new Error('expected to be let through');
  return passage;
}

function fail(circuit: ReturnType<typeof breaker>, times: number) {
  for (let n = 0; n < times; n++) enter(circuit).failed();
}

test('it opens after so many failures in a row, not before', () => {
  const circuit = breaker();
  fail(circuit, 2);
  enter(circuit).succeeded();
  fail(circuit, 2);
  expect(circuit.state).toBe('closed');
  fail(circuit, 1);
  expect(circuit.state).toBe('open');
  expect(circuit.enter()).toBeUndefined();
  expect(circuit.waitMs()).toBe(1_000);
});

test('after the cool-down one call at a time probes, and a success closes it', () => {
  const circuit = breaker();
  fail(circuit, 3);
  nowMs = 1_000;
  const probe = enter(circuit);
  expect(circuit.enter()).toBeUndefined();
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
    enter(circuit).failed();
    cooldowns.push(circuit.waitMs());
  }
  expect(cooldowns).toEqual([2_000, 4_000, 4_000, 4_000]);
});

test('a probe that says nothing lets the next one probe', () => {
  const circuit = breaker();
  fail(circuit, 3);
  nowMs = 1_000;
  enter(circuit).left();
  expect(circuit.enter()).toBeDefined();
});

test('jitter shortens a cool-down by half at most', () => {
  const circuit = breaker({ random: () => 0 });
  fail(circuit, 3);
  expect(circuit.waitMs()).toBe(500);
});

test('a cool-down only ever lengthens', () => {
  const circuit = breaker();
  circuit.openFor(9_000);
  circuit.openFor(1_000);
  expect(circuit.waitMs()).toBe(9_000);
});

test('a success that began before it opened does not close it', () => {
  const circuit = breaker();
  const early = enter(circuit);
  fail(circuit, 3);
  early.succeeded();
  expect(circuit.state).toBe('open');
  nowMs = 1_000;
  enter(circuit);
  early.succeeded();
  expect(circuit.state).toBe('half-open');
});

test('every change is told once', () => {
  const changes: string[] = [];
  const circuit = breaker({ onChange: (state) => changes.push(state) });
  fail(circuit, 3);
  nowMs = 1_000;
  enter(circuit).succeeded();
  expect(changes).toEqual(['open', 'half-open', 'closed']);
});
