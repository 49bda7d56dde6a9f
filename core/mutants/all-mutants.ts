import { accountMutants } from "./list/accounts.ts";
import { deliveryMutants } from "./list/delivery.ts";
import { fileMutants } from "./list/files.ts";
import { membershipMutants } from "./list/membership.ts";
import { sendMutants } from "./list/sends.ts";
import type { Mutants } from "./mutant.ts";

/** The curated list. Adding a mutant is a row in one of its files. */
export const allMutants: Mutants = {
  ...membershipMutants,
  ...sendMutants,
  ...deliveryMutants,
  ...accountMutants,
  ...fileMutants,
};
