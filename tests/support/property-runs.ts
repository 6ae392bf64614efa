/** How a property test runs: always the same examples, unless PROPERTY_SEED or PROPERTY_RUNS ask for others or more. */
export function propertyRuns(numRuns: number): { readonly seed: number; readonly numRuns: number } {
  const { PROPERTY_SEED: seed = '1', PROPERTY_RUNS: runs = numRuns } = process.env;
  return { seed: Number(seed), numRuns: Number(runs) };
}
