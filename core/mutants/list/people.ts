import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const trust = "core/client/people/trust.test.ts";
const receipts = "core/client/group/read-cursors.test.ts";
const stops = promised(
  "security",
  "Another identity for somebody who is pinned stops messages to them, until the user accepts it by hand",
);
const compared = promised(
  "readme",
  "Safety numbers, as digits and as a QR code; an identity that changes gets nothing until it is accepted",
);
const kept = promised("client", "no receipt goes out while `client.readReceipts` is false");
const hear = promised("client", "By read receipts the user's other machines learn how far they have read, too");

/** Whose key is whose, and who hears how far somebody has read. */
export const peopleMutants: Mutants = {
  "somebody who comes under another name is met anew": {
    promise: stops,
    file: "core/client/people/trust.ts",
    from: "this.#pins.byName(identity.name) ?? this.#pins.byUser(user)",
    to: "this.#pins.byName(identity.name)",
    tests: [trust],
  },
  "a known identity is believed of another user": {
    promise: stops,
    file: "core/client/people/trust.ts",
    from: "if (pin.user === user && equalBytes",
    to: "if (equalBytes",
    tests: [trust],
  },
  "an identity that the server shows no longer still waits": {
    promise: stops,
    file: "core/client/people/trust.ts",
    from: `      if (pin.changed) this.#save({ ...pin, changed: undefined });
`,
    to: "",
    tests: [trust],
  },
  "of two other identities the first waits for the user": {
    promise: stops,
    file: "core/client/people/trust.ts",
    from: "const isNews = !pin.changed || !equalBytes(pin.changed.identity, identity.bytes);",
    to: "const isNews = !pin.changed;",
    tests: [trust],
  },
  "somebody is written to while another identity waits": {
    promise: stops,
    file: "core/client/people/trust.ts",
    from: "(pin.changed || !bytesOf(pin, fingerprint))",
    to: "!bytesOf(pin, fingerprint)",
    tests: [trust],
  },
  "an identity that was never pinned is written to": {
    promise: stops,
    file: "core/client/people/trust.ts",
    from: "(pin.changed || !bytesOf(pin, fingerprint))",
    to: "pin.changed",
    tests: [trust],
  },
  "a pin changes, and what was derived from it stays": {
    promise: stops,
    file: "core/client/people/trust.ts",
    from: `    this.#version++;
`,
    to: "",
    tests: [trust],
  },
  "an identity that was accepted counts as compared": {
    promise: compared,
    file: "core/client/people/trust.ts",
    from: "verified: false, former: [pin.identity",
    to: "verified: pin.verified, former: [pin.identity",
    tests: [trust],
  },
  "somebody is verified while another identity waits": {
    promise: compared,
    file: "core/client/people/trust.ts",
    from: "if (!pin || pin.changed) return false;",
    to: "if (!pin) return false;",
    tests: [trust],
  },
  "what was written under an identity before the accepted one cannot be checked": {
    promise: compared,
    file: "core/client/people/trust.ts",
    from: "former: [pin.identity, ...pin.former], changed",
    to: "former: pin.former, changed",
    tests: [trust],
  },
  "what was written two identities ago cannot be checked": {
    promise: compared,
    file: "core/client/people/trust.ts",
    from: "former: [pin.identity, ...pin.former], changed",
    to: "former: [pin.identity], changed",
    tests: [trust],
  },
  "a user who sends no receipts sends one when they read": {
    promise: kept,
    file: "core/client/group/read-cursors.ts",
    from: "if (isNew && this.receipts)",
    to: "if (isNew)",
    tests: [receipts],
  },
  "a user who sends no receipts sends one when they connect": {
    promise: kept,
    file: "core/client/group/read-cursors.ts",
    from: "if (own > seq && this.receipts)",
    to: "if (own > seq)",
    tests: [receipts],
  },
  "a receipt goes out at each look": {
    promise: hear,
    file: "core/client/group/read-cursors.ts",
    from: "if (isNew && this.receipts)",
    to: `if (this.receipts && typeof isNew === "boolean")`,
    tests: [receipts],
  },
  "a receipt for what was read offline never goes out": {
    promise: hear,
    file: "core/client/group/read-cursors.ts",
    from: `    if (own > seq && this.receipts) mailbox.read(group, own);
`,
    to: `    if (own < seq && this.receipts) mailbox.read(group, own);
`,
    tests: [receipts],
  },
};
