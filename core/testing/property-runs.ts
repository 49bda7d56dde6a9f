/**
 * How often fast-check runs a property. `FC_RUNS=0.1` runs each a tenth as often, for tests that are run thousands of times, and
 * `FC_RUNS=100` a hundred times as often. `FC_SEED` plays again the run of which a failure has shown the seed.
 */
export function propertyRuns(numRuns: number): { readonly numRuns: number; readonly seed?: number } {
  const { FC_RUNS: share = "1", FC_SEED: seed } = process.env;
  return { numRuns: Math.ceil(numRuns * Number(share)), ...(seed === undefined ? {} : { seed: Number(seed) }) };
}
