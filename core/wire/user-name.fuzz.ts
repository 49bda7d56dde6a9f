import assert from "node:assert/strict";
import type { FuzzTarget } from "../fuzz/target.ts";
import { accepted } from "../platform/result.ts";
import { limits } from "./limits.ts";
import { canonicalUserName } from "./user-name.ts";

export const targets: readonly FuzzTarget[] = [
  {
    // A name that is taken has one canonical form, whose own canonical form is itself.
    name: "user-names",
    bytesMax: 4 * limits.userNameLengthMax * 4,
    // Characters that fold, compose, expand, hide text or turn its direction.
    words: Array.from(
      "ßẞıſﬁＡΣςǰΐΰǅªµ·한㌔ﷺ🙂𝒜\u0130\u212a\u2126\u0149\u0300\u0307\u0345\u309a\u3099\u061c\u200d\u202e\0._-9a",
    ),
    seeds: () =>
      ["alice", "Ａlice-2", "Straße", "ΧΑΟΣ", "İstanbul", "nguyễn.văn", "한글", "カ゚", "9lives"].map((name) =>
        Buffer.from(name),
      ),
    run(bytes) {
      const name = Buffer.from(bytes).toString();
      const canonical = canonicalUserName(name);
      if (!canonical.ok) return canonical;
      const { value } = canonical;
      assert.deepEqual(canonicalUserName(value), canonical, "the form of the form is another one");
      for (const typed of [value.toUpperCase(), value.normalize("NFD"), value.normalize("NFKD")])
        assert.deepEqual(canonicalUserName(typed), canonical, `typed as ${typed} it is another name`);
      assert.ok(Array.from(value).length <= limits.userNameLengthMax);
      return accepted("a name");
    },
    growth: {
      "combining marks": (bytes) => Buffer.from(`a${"\u0301\u0323".repeat(bytes / 4)}`),
      // One character that becomes eighteen.
      expanding: (bytes) => Buffer.from("\ufdfa".repeat(bytes / 3)),
    },
  },
];
