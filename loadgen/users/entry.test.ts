import assert from "node:assert/strict";
import { test } from "node:test";
import { firstTry, nextTry, type Try } from "./entry.ts";

/** The try after one that was refused with these codes, one after the other. */
const after = (first: Try, ...codes: readonly string[]) =>
  codes.reduce<Try | undefined>((last, code) => last && nextTry(last, code), first);

test("a user whom a server could not let in now tries again the same way, and not for ever", () => {
  for (const code of ["busy", "offline", "timeout"]) {
    for (const entry of ["signUp", "logIn"] as const) {
      assert.equal(after(firstTry(entry), ...Array.from({ length: 19 }, () => code))?.entry, entry, code);
      assert.equal(after(firstTry(entry), ...Array.from({ length: 20 }, () => code)), undefined, code);
    }
  }
});

test("a refusal that no other try changes ends the tries", () => {
  for (const code of ["login_failed", "server_full"]) {
    for (const entry of ["signUp", "logIn"] as const) {
      assert.equal(after(firstTry(entry), "timeout", code), undefined, `${entry}: ${code}`);
    }
  }
});

test("a sign-up that finds its name taken was carried out before if an earlier one had no answer, and else the name is another's", () => {
  for (const code of ["offline", "timeout"]) {
    assert.equal(after(firstTry("signUp"), code, "name_taken")?.entry, "logIn");
    assert.equal(after(firstTry("signUp"), code, "busy", "name_taken")?.entry, "logIn");
  }
  assert.equal(after(firstTry("signUp"), "name_taken"), undefined);
  assert.equal(after(firstTry("signUp"), "busy", "name_taken"), undefined, "a busy server has done nothing");
  assert.equal(after(firstTry("logIn"), "timeout", "name_taken"), undefined);
});
