import { membershipMutants } from "./list/membership.ts";
import type { Mutants } from "./mutant.ts";

/** The curated list. Adding a mutant is a row in one of its files. */
export const allMutants: Mutants = { ...membershipMutants };
