import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { present } from "../testing/present.ts";
import { hasSmallOrder } from "./small-order.ts";

const hex = (text: string): Uint8Array => Buffer.from(text, "hex");

test("a key of order 1, 2, 4 or 8 is known in each of its encodings, with either sign", () => {
  const p = `ed${"ff".repeat(30)}7f`;
  for (const y of [
    `01${"00".repeat(31)}`,
    `ec${"ff".repeat(30)}7f`,
    "00".repeat(32),
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    p,
    `ee${"ff".repeat(30)}7f`,
  ]) {
    const signed = Buffer.from(y, "hex");
    signed.writeUInt8(signed.readUInt8(31) | 0x80, 31);
    assert.ok(hasSmallOrder(hex(y)), y);
    assert.ok(hasSmallOrder(signed), signed.toString("hex"));
  }
});

test("no other key has a small order, and asking does not change the key", () => {
  for (const y of [`02${"00".repeat(31)}`, `01${"00".repeat(30)}01`, `eb${"ff".repeat(30)}7f`, ""]) {
    assert.ok(!hasSmallOrder(hex(y)), y);
  }
  const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  assert.ok(!hasSmallOrder(Buffer.from(present(x), "base64url")));
  const key = hex(`01${"00".repeat(30)}80`);
  hasSmallOrder(key);
  assert.equal(key[31], 0x80);
});
