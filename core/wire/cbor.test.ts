import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { z } from "zod";
import { decodeCbor, parseCbor } from "./cbor.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

suite("CBOR from outside", () => {
  test("one value is read, whole", () => {
    assert.deepEqual(decodeCbor(hex("a2 61 61 01 61 62 82 f5 f6")), { a: 1, b: [true, null] });
    assert.equal(decodeCbor(hex("fb 3f f8 00 00 00 00 00 00")), 1.5);
    assert.equal(decodeCbor(hex("65 5a c3 bc 72 69")), "Züri");
    assert.equal(decodeCbor(hex("63 ef bf bd")), "\ufffd");
  });

  for (const [what, bytes] of Object.entries({
    nothing: "",
    "bytes behind the end": "01 00",
    "a whole number as a float": "fb 3f f0 00 00 00 00 00 00",
    "text that is no UTF-8": "62 c3 28",
    "a surrogate": "63 ed a0 80",
    "a longer form than needed": "18 01",
    "an indefinite length": "9f 01 ff",
    "a tag": "c1 01",
    "not a number": "f9 7e 00",
    "a key twice": "a2 61 61 01 61 61 02",
    "a key that is no text": "a1 01 02",
    "an array that says it is longer than all memory": "9b 00 00 00 ff ff ff ff ff",
  })) {
    test(`${what} is refused`, () => {
      assert.throws(() => decodeCbor(hex(bytes)));
      assert.equal(parseCbor(hex(bytes), z.unknown()).ok, false);
    });
  }

  test("a byte order mark stays, as every other character does", () => {
    assert.equal(decodeCbor(hex("64 ef bb bf 61")), "\ufeffa");
  });

  test("arrays and maps nest at most 16 deep; side by side there may be as many as fit", () => {
    const nested = (depth: number) => Buffer.concat([Buffer.alloc(depth, 0x81), hex("01")]);
    assert.equal(JSON.stringify(decodeCbor(nested(16))), `${"[".repeat(16)}1${"]".repeat(16)}`);
    assert.throws(() => decodeCbor(nested(17)), /within each other/);
    assert.throws(() => decodeCbor(nested(100_000)), /within each other/);
    const besides = Buffer.concat([hex("98 64"), Buffer.alloc(100, 0x80)]);
    assert.deepEqual(
      decodeCbor(besides),
      Array.from({ length: 100 }, () => []),
    );
  });

  test("only what is open counts: arrays and maps that have ended leave room for others beside them", () => {
    const many = (element: string) => Buffer.concat([hex("98 64"), ...Array.from({ length: 100 }, () => hex(element))]);
    for (const [element, value] of [
      ["81 01", [1]],
      ["82 01 02", [1, 2]],
      ["81 81 01", [[1]]],
      ["82 81 01 02", [[1], 2]],
      ["a1 61 61 81 01", { a: [1] }],
      ["a2 61 61 01 61 62 a1 61 63 01", { a: 1, b: { c: 1 } }],
    ] as const) {
      assert.deepEqual(
        decodeCbor(many(element)),
        Array.from({ length: 100 }, () => value),
      );
    }
  });

  test("maps of several fields nest at most 16 deep, too", () => {
    const nested = (depth: number) =>
      Buffer.concat([...Array.from({ length: depth }, () => hex("a2 61 61 01 61 62")), hex("01")]);
    assert.equal(JSON.stringify(decodeCbor(nested(16))), `${'{"a":1,"b":'.repeat(16)}1${"}".repeat(16)}`);
    assert.throws(() => decodeCbor(nested(17)), /more than 16 arrays and maps within each other/);
  });

  test("a refusal says what is wrong", () => {
    const reason = (bytes: string) => {
      const parsed = parseCbor(hex(bytes), z.unknown());
      return parsed.ok ? "taken" : parsed.reason;
    };
    assert.equal(reason(""), "not the CBOR expected: there are no bytes");
    assert.equal(reason("01 00"), "not the CBOR expected: there are bytes behind the end");
    assert.equal(reason("f9 3c 00"), "not the CBOR expected: 1 is whole and must not be a float");
    assert.equal(reason("41 01"), "bytes, where a map is meant");
  });

  test("bytes belong to the caller, and are not taken for a map with a key for each", () => {
    const input = hex("42 01 02");
    const bytes = decodeCbor(input);
    assert.ok(bytes instanceof Uint8Array);
    input.fill(0);
    assert.deepEqual([...bytes], [1, 2]);
    assert.equal(parseCbor(hex("40"), z.looseObject({})).ok, false);
  });

  test("a fault in each of many elements is reported for some of them", () => {
    const many = Buffer.concat([hex("99 ff ff"), Buffer.alloc(0xffff, 0x01)]);
    const parsed = parseCbor(many, z.array(z.string()));
    assert.ok(!parsed.ok && parsed.reason.length < 1000);
  });
});
