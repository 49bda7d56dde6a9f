import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { userId } from "../../wire/ids.ts";
import { SessionTokens } from "./tokens.ts";

const secret = new Uint8Array(32).fill(7);
const tokens = new SessionTokens(secret, 1000);

test("a token names its user and session until it expires", () => {
  const { token, session } = tokens.issue(userId(42), "zoë", 5000);
  const checked = tokens.check(token, 5999);
  assert.deepEqual(checked, {
    ok: true,
    value: { id: new Uint8Array(session.id), user: 42, name: "zoë", expiresAt: 6000 },
  });
  assert.deepEqual(tokens.check(token, 6000), { ok: false, reason: "token_expired" });
});

test("a server accepts the tokens of servers that share its secret, and no others", () => {
  const { token } = tokens.issue(userId(1), "alice", 0);
  assert.ok(new SessionTokens(secret, 5).check(token, 1).ok);
  assert.deepEqual(new SessionTokens(new Uint8Array(32).fill(8), 1000).check(token, 1), {
    ok: false,
    reason: "token_invalid",
  });
});

test("a token that was changed or cut anywhere is refused", () => {
  const { token } = tokens.issue(userId(2 ** 52), "alice", 0);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(token);
      changed.writeUInt8(changed.readUInt8(at) ^ change, at);
      assert.equal(tokens.check(changed, 1).ok, false);
      assert.equal(tokens.check(token.subarray(0, at), 1).ok, false);
    }),
  );
});

test("random bytes are no token", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.equal(tokens.check(bytes, 1).ok, false)));
});
