import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { present } from "../testing/present.ts";
import { propertyRuns } from "../testing/property-runs.ts";
import { limits } from "./limits.ts";
import { canonicalUserName } from "./user-name.ts";

const canonical = (name: string) => {
  const parsed = canonicalUserName(name);
  return parsed.ok ? parsed.value : undefined;
};

test("a name is one name in every case, width and composition", () => {
  for (const [name, ...spellings] of [
    ["alice", "ALICE", "Alice", "ａｌｉｃｅ", "Ａlice"],
    ["strasse", "straße", "STRASSE", "STRAẞE"],
    ["é", "e\u0301", "É"],
    ["σς".normalize(), "ΣΣ"].map((of) => present(canonical(of))),
    ["fi", "ﬁ"],
  ] as const) {
    for (const spelling of spellings) assert.equal(canonical(spelling), canonical(name), spelling);
  }
});

test("the canonical form is in lower case, composed and of common width", () => {
  for (const [typed, form] of [
    ["ALICE", "alice"],
    ["Ａlice", "alice"],
    ["Straße", "strasse"],
    ["E\u0301", "\u00e9"],
  ] as const) {
    assert.equal(canonical(typed), form);
  }
});

test("names of any script are allowed", () => {
  for (const name of ["用户", "ユーザー", "пользователь", "مستخدم", "उपयोगकर्ता", "a1", "1a", "a.b_c-d"]) {
    assert.notEqual(canonical(name), undefined, name);
  }
});

test("what hides, moves or breaks text is refused", () => {
  for (const name of [
    "",
    " ",
    "a b",
    " a",
    "a\n",
    "\u0000",
    "a\u200b",
    "a\u202eb",
    "\u001b[31m",
    "-a",
    ".a",
    "_a",
    "a/b",
    "a@b",
    "a,b",
    "😀",
  ]) {
    assert.equal(canonical(name), undefined, JSON.stringify(name));
  }
});

test("length is counted after folding, in characters and not in code units", () => {
  assert.notEqual(canonical("𐐀".repeat(limits.userNameLengthMax)), undefined);
  assert.equal(canonical("a".repeat(limits.userNameLengthMax + 1)), undefined);
  assert.equal(canonical("ß".repeat(limits.userNameLengthMax)), undefined, "folds to twice as many");
  assert.equal(canonical("a".repeat(1_000_000)), undefined);
  // A letter of Kaithi that is typed as two, each of two code units.
  const longest = "\u{11099}\u{110ba}".repeat(limits.userNameLengthMax);
  assert.equal(longest.length, 128);
  assert.equal(canonical(longest), "\u{1109a}".repeat(limits.userNameLengthMax));
});

test("the canonical form of a canonical form is itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (name) => {
      const once = canonical(name);
      if (once !== undefined) assert.equal(canonical(once), once);
    }),
    propertyRuns(3000),
  );
});

test("a name that is refused is answered with what a name may be", () => {
  const reason =
    "a user name has 1 to 32 letters or digits of any script; dot, underscore and hyphen may follow the first";
  for (const name of ["", "a b", "a".repeat(200)]) assert.deepEqual(canonicalUserName(name), { ok: false, reason });
});
