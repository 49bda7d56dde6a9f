import { accountMutants } from "./list/accounts.ts";
import { clientMutants } from "./list/client.ts";
import { deliveryMutants } from "./list/delivery.ts";
import { encryptionMutants } from "./list/encryption.ts";
import { figureMutants } from "./list/figures.ts";
import { fileMutants } from "./list/files.ts";
import { instrumentMutants } from "./list/instruments.ts";
import { loadMutants } from "./list/loads.ts";
import { mailMutants } from "./list/mail.ts";
import { membershipMutants } from "./list/membership.ts";
import { peopleMutants } from "./list/people.ts";
import { programMutants } from "./list/programs.ts";
import { screenMutants } from "./list/screen.ts";
import { securityMutants } from "./list/security.ts";
import { sendMutants } from "./list/sends.ts";
import { serverMutants } from "./list/servers.ts";
import { storageMutants } from "./list/storage.ts";
import { vaultMutants } from "./list/vault.ts";
import { watchingMutants } from "./list/watching.ts";
import type { Mutants } from "./mutant.ts";

/** The curated list. Adding a mutant is a row in one of its files. */
export const allMutants: Mutants = {
  ...membershipMutants,
  ...sendMutants,
  ...serverMutants,
  ...storageMutants,
  ...watchingMutants,
  ...deliveryMutants,
  ...accountMutants,
  ...fileMutants,
  ...encryptionMutants,
  ...securityMutants,
  ...clientMutants,
  ...mailMutants,
  ...peopleMutants,
  ...vaultMutants,
  ...screenMutants,
  ...instrumentMutants,
  ...loadMutants,
  ...figureMutants,
  ...programMutants,
};
