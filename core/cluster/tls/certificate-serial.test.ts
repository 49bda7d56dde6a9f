import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { drawSerialNumber } from "./certificate-serial.ts";

test("a serial number is positive, minimal DER of at most 20 octets, whatever is drawn", () => {
  const edges = [0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xff];
  const drawn = fc
    .tuple(fc.constantFrom(...edges), fc.constantFrom(...edges), fc.uint8Array({ minLength: 16, maxLength: 16 }))
    .map(([first, second, rest]) => Uint8Array.from([first, second, ...rest.subarray(2)]));
  fc.assert(
    fc.property(fc.oneof(drawn, fc.uint8Array({ minLength: 16, maxLength: 16 })), (bytes) => {
      const content = Buffer.from(
        drawSerialNumber((length) => bytes.subarray(0, length)),
        "hex",
      );
      const [first = 0, second = 0] = content;
      assert.ok(content.length > 0 && content.length <= 20);
      assert.ok(first < 0x80, "the first bit of a positive integer is 0");
      assert.ok(first !== 0 || second >= 0x80, "no octet is superfluous");
      assert.ok(content.some((byte) => byte !== 0));
    }),
  );
});

test("other drawn bytes make another serial number", () => {
  const drawnAs = (fill: number) => drawSerialNumber((length) => new Uint8Array(length).fill(fill));
  assert.notEqual(drawnAs(1), drawnAs(2));
});
