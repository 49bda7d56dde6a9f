import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { keyLockSchema, lockKey, unlockKey } from "./key-lock.ts";

test("a lock opens with its password only, and not after it was changed", async () => {
  const key = randomBytes(32);
  const lock = await lockKey(key, "correct horse", "simulated");
  assert.deepEqual(await unlockKey(lock, "correct horse"), key);
  assert.equal(await unlockKey(lock, "wrong horse"), undefined);
  assert.equal(await unlockKey({ ...lock, salt: randomBytes(16) }, "correct horse"), undefined);
  const sealed = Buffer.from(lock.sealed);
  sealed.writeUInt8(sealed.readUInt8(3) ^ 1, 3);
  assert.equal(await unlockKey({ ...lock, sealed }, "correct horse"), undefined);
});

test("a lock opens whether accents come with their letters or behind them, as keyboards differ", async () => {
  const key = randomBytes(32);
  const lock = await lockKey(key, "caf\u00e9", "simulated");
  assert.deepEqual(await unlockKey(lock, "cafe\u0301"), key);
});

test("each guess at a person's lock costs scrypt with N = 2^17, r = 8, p = 1, under a salt of the lock's own", async () => {
  const lock = () => lockKey(randomBytes(32), "same", "interactive");
  const locks = [await lock(), await lock()] as const;
  for (const { cost, blockSize, parallelization } of locks)
    assert.deepEqual([cost, blockSize, parallelization], [2 ** 17, 8, 1]);
  assert.notDeepEqual(locks[0].salt, locks[1].salt);
  assert.notDeepEqual(locks[0].nonce, locks[1].nonce);
});

test("a lock of a simulated user costs little, and a profile may have it", async () => {
  const lock = await lockKey(randomBytes(32), "same", "simulated");
  assert.ok(keyLockSchema.safeParse(keyLockSchema.encode(lock)).success);
  assert.ok(lock.cost <= 1024);
});

test("a lock that would be stretched for hours is refused before it is tried", () => {
  const base64 = (length: number) => Buffer.alloc(length).toString("base64");
  const fields = { salt: base64(16), nonce: base64(12), sealed: base64(48) };
  const lock = { ...fields, cost: 1024, blockSize: 8, parallelization: 1 };
  assert.ok(keyLockSchema.safeDecode(lock).success);
  for (const more of [{ cost: 2 ** 21 }, { blockSize: 33 }, { parallelization: 17 }])
    assert.equal(keyLockSchema.safeDecode({ ...lock, ...more }).success, false, JSON.stringify(more));
});
