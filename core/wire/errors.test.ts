import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCodeNames, errorCodes, errorOfCloseCode, isHttpErrorCode } from "./errors.ts";

test("a close code names the error that ended the connection, and a code that is not ours names none", () => {
  assert.equal(errorOfCloseCode(4000), "malformed_frame");
  assert.equal(errorOfCloseCode(4006), "draining");
  assert.equal(errorOfCloseCode(4009), "turn_missed");
  for (const other of [1000, 1006, 4007, 4999]) assert.equal(errorOfCloseCode(other), undefined, String(other));
});

test("no two errors close a connection with the same code, and all are of those that the RFC leaves to us", () => {
  const codes = errorCodeNames.flatMap((name) => errorCodes[name].closeCode ?? []);
  assert.equal(new Set(codes).size, codes.length);
  assert.ok(codes.length > 5 && codes.every((code) => code >= 4000 && code <= 4999));
});

test("an HTTP error is known by its name alone, never by one that every object has", () => {
  assert.ok(isHttpErrorCode("quota_exceeded"));
  for (const other of ["", "name_taken", "toString", "constructor"]) assert.ok(!isHttpErrorCode(other), other);
});
