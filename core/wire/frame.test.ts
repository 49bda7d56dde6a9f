import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { type ColdTable, coldCodec } from "./frame.ts";

const body = z.strictObject({});

test("two frames of a table cannot have one kind byte", () => {
  assert.throws(() => coldCodec({ ask: { code: 0x10, body }, tell: { code: 0x10, body } }), {
    message: "the frames ask and tell share the kind byte 0x10",
  });
});

test("a frame that the table does not have is neither encoded nor read", () => {
  const codec = coldCodec<ColdTable>({ ask: { code: 0x10, body } });
  for (const bytes of [codec.encodeBody("ask", {}), codec.encode({ kind: "ask" })]) {
    assert.deepEqual([...bytes], [1, 0x10, 0xa0]);
  }
  assert.throws(() => codec.encodeBody("tell", {}), { message: "there is no frame tell" });
  assert.equal(codec.parse(0x11, Uint8Array.from([1, 0x11, 0xa0])), undefined);
});

test("a body that does not fit is refused with the name of its frame", () => {
  const codec = coldCodec<ColdTable>({ ask: { code: 0x10, body } });
  const parsed = codec.parse(0x10, Uint8Array.from([1, 0x10, 0x01]));
  assert.ok(parsed && !parsed.ok);
  assert.equal(parsed.reason.code, "malformed_frame");
  assert.match(parsed.reason.detail, /^ask: ./);
});
