import fc from "fast-check";

const { FC_RUNS: share = "1", FC_SEED: seed } = process.env;

/**
 * How often fast-check runs a property. `FC_RUNS=0.1` runs each a tenth as often, for tests that are run thousands of times, and
 * `FC_RUNS=100` a hundred times as often.
 */
export const propertyRuns = (numRuns: number) => ({ numRuns: Math.ceil(numRuns * Number(share)) });

// With one of the variables every test process loads this module first, so they hold for all properties: a hundred runs unless a
// property says otherwise, and with `FC_SEED` the run again of which a failure has shown the seed.
fc.configureGlobal({ ...propertyRuns(100), ...(seed === undefined ? {} : { seed: Number(seed) }) });
