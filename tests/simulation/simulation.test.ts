import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { History } from './history.ts';
import { violations } from './invariants.ts';
import { openPlace, type Place } from './place.ts';
import { runScenario } from './run-scenario.ts';
import { scenarioOf } from './scenario.ts';

/**
 * SIMULATION_RUNS: how many scenarios; SIMULATION_SEED: the first one. `SIMULATION_RUNS=1 SIMULATION_SEED=n` prints all
 * that happens in one.
 */
const runs = Number(process.env.SIMULATION_RUNS ?? 100);
const firstSeed = Number(process.env.SIMULATION_SEED ?? 1);

let place: Place;
beforeAll(async () => {
  place = await openPlace();
});
beforeEach(() => place.empty());
afterAll(() => place.close());

async function run(seed: number): Promise<{ history: History; found: string[] }> {
  const scenario = scenarioOf(seed);
  const history = await runScenario(scenario, place);
  return { history, found: violations(scenario, history, place) };
}

test('processes that share a store keep their promises, whatever fails', {
  timeout: 60_000 + 2_000 * runs,
}, async () => {
  for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
    place.empty();
    const { history, found } = await run(seed);
    if (runs === 1) console.log(history.trace.join('\n'));
    expect(found, `SIMULATION_SEED=${seed} SIMULATION_RUNS=1 repeats this scenario`).toEqual([]);
  }
});

test('a scenario happens in the same way each time', async () => {
  const { history } = await run(14);
  place.empty();
  expect((await run(14)).history.trace).toEqual(history.trace);
  expect(history.trace.length).toBeGreaterThan(50);
});
