import { RsaFernet, type RsaWorker, rsaFernetName } from "./rsa-fernet.ts";
import type { AnySuite } from "./suite.ts";

/** What the suites are made with. */
export interface SuiteParts {
  /** Computes RSA. */
  readonly rsa: RsaWorker;
  /** Milliseconds since the Unix epoch. */
  readonly clock: { now(): number };
}

/**
 * Every suite that this program knows: a group's settings name one of them, and new groups get the first. Each has to pass
 * `testing/suite-acceptance.ts`.
 */
export const suites: readonly { readonly name: string; create(parts: SuiteParts): AnySuite }[] = [
  { name: rsaFernetName, create: ({ rsa, clock }) => new RsaFernet(rsa, () => Math.floor(clock.now() / 1000)) },
];

/** All of them, in their order. */
export const createSuites = (parts: SuiteParts): AnySuite[] => suites.map(({ create }) => create(parts));
