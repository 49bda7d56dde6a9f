import { LadderSuite } from "../testing/ladder-suite.ts";
import { inlineRsa } from "./rsa-inline.ts";
import { suites } from "./suites.ts";
import { suiteAcceptance } from "./testing/suite-acceptance.ts";

for (const { name, create } of suites) {
  suiteAcceptance(name, () => create({ rsa: inlineRsa, clock: { now: () => 1_700_000_000_000 } }));
}
// The one that tests of the client run with handshake messages.
suiteAcceptance("ladder", () => new LadderSuite());
