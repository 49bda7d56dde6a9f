import assert from "node:assert/strict";
import { test } from "node:test";
import { nextEntry } from "./entry.ts";

test("a user whom a server could not let in now tries again the same way, and not for ever", () => {
  for (const code of ["busy", "offline", "timeout"]) {
    assert.equal(nextEntry("signUp", 1, code), "signUp", code);
    assert.equal(nextEntry("logIn", 19, code), "logIn", code);
    assert.equal(nextEntry("logIn", 20, code), undefined, code);
  }
});

test("a refusal that no other try changes ends the tries", () => {
  for (const code of ["wrong_password", "server_full"]) assert.equal(nextEntry("logIn", 2, code), undefined, code);
});

test("a sign-up that finds its name taken was carried out before if it is a second try, and else the name is somebody else's", () => {
  assert.equal(nextEntry("signUp", 2, "name_taken"), "logIn");
  assert.equal(nextEntry("signUp", 1, "name_taken"), undefined);
});
