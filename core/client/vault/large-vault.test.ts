import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { rowKey } from "../../testing/row-key.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../wire/ids.ts";
import { Vault } from "./vault.ts";

/** Few enough for every test run; README.md has the times for 50,000. */
const count = Number(process.env.VAULT_MESSAGES ?? 4000);
const large = groupId(1);

test(`a vault with ${count} messages is shown page by page`, (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), "large-vault-test-"));
  const vault = Vault.open(path.join(directory, "vault.db"), new Uint8Array(32).fill(7), systemClock);
  vault.saveSession({ user: userId(1), token: Buffer.from("token") });
  // Half of them in one group, the rest in a hundred others.
  for (let i = 1; i <= count; i++) {
    const isLarge = i % 2 === 0;
    const at = seq(isLarge ? i / 2 : Math.ceil(i / 200));
    const message = {
      seq: at,
      sender: userId(2 + (i % 5)),
      clientMessageId: clientMessageId(BigInt(i)),
      epoch: epoch(1),
      sentAt: i,
      content: { kind: "text" as const, text: `a message that says ${i}, and nothing else of any interest` },
      fault: undefined,
    };
    vault.keep(isLarge ? large : groupId(2 + (Math.floor(i / 2) % 100)), { message, cursor: at });
  }
  const { view } = vault;

  /** Prints the median time of a few runs; `node --test` shows it. */
  function timed<T>(what: string, work: () => T): T {
    const result = work();
    const times = Array.from({ length: 15 }, () => {
      const from = performance.now();
      work();
      return performance.now() - from;
    });
    t.diagnostic(`${what}: ${times.sort((a, b) => a - b)[7]?.toFixed(2)} ms`);
    return result;
  }
  const groups = timed("101 groups, everything unread", () => view.groups());
  assert.equal(groups.length, 101);
  assert.equal(groups[0]?.group, large);
  assert.equal(groups[0]?.unread, count / 2);
  assert.equal(
    groups.reduce((sum, { unread }) => sum + unread, 0),
    count,
  );
  const last = timed("the last 200 of a group", () => view.last(large, 200));
  assert.deepEqual([last.length, last[0]?.seq, last.at(-1)?.seq], [200, count / 2 - 199, count / 2]);
  const [hit = assert.fail()] = timed("a rare word", () => view.search(String((count * 3) / 5), { count: 50 }));
  const around = timed("200 around a hit", () => view.around(hit.row, 200));
  assert.deepEqual([around.length, around[99]?.row], [200, hit.row]);
  const before = timed("200 before a message", () => view.before(hit.row, 200));
  assert.deepEqual([before.length, before.at(-1)?.seq], [200, (hit.seq ?? 0) - 1]);
  const after = timed("200 after a message", () => view.after(hit.row, 200));
  assert.deepEqual([after.length, after[0]?.seq], [200, (hit.seq ?? 0) + 1]);
  const common = timed("50 of those with a word that all have", () => view.search("message", { count: 50 }));
  assert.deepEqual([common.length, common[0]?.at, common[49]?.at], [50, count, count - 49]);
  assert.deepEqual(view.before(rowKey(-1), 10), []);
  for (const { group, last: newest } of groups) vault.readUpTo(group, newest?.seq ?? seq(0));
  const read = timed("101 groups, everything read", () => view.groups());
  assert.ok(read.every(({ unread }) => unread === 0));
  vault.close();
  rmSync(directory, { recursive: true, force: true });
});
