import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "../../platform/result.ts";
import { epoch, groupId, seq, userId } from "../../wire/ids.ts";
import { encodeEntryBody, joinEntry, type MembershipEntry, signatureBytes } from "../../wire/membership-entry.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { online } from "../mail/testing/fake-mail.ts";
import { IdentityBook } from "../people/identity-book.ts";
import { IdentityCache } from "../people/identity-cache.ts";
import { GroupLog } from "./group-log.ts";

const seven = groupId(7);
const creation: MembershipEntry = {
  group: seven,
  index: 0,
  epoch: epoch(1),
  action: "create",
  actor: userId(1),
  actorFingerprint: Buffer.alloc(32, 1),
  subjects: [],
  previous: Buffer.alloc(32),
  opening: Buffer.alloc(32, 5),
  settings: { suite: "rsa-fernet", history: false, expireSeconds: 0 },
};

/** The entry with a signature of this byte. */
const signed = (entry: MembershipEntry, by = 0) => joinEntry(Buffer.alloc(signatureBytes, by), encodeEntryBody(entry));

/** A log with its first entry, and how it answers when that one is shown again. */
async function begun(mailbox: Mailbox) {
  const log = new GroupLog(seven);
  assert.ok(log.apply(creation, { seq: seq(1), bytes: signed(creation), at: 1 }).ok);
  const people = new IdentityBook(mailbox, new IdentityCache(), undefined);
  return async (bytes: Uint8Array, at: number) => {
    const taken = await log.take({ seq: seq(at), bytes, at: 1 }, people, () => assert.fail("nobody has to be asked"));
    return taken.ok ? taken : taken.reason.code;
  };
}

test("an entry that was shown once may be shown again as it was, in no other form and at no other seq", async () => {
  const { mailbox } = await online();
  const shown = await begun(mailbox);
  assert.deepEqual(await shown(signed(creation), 1), accepted(undefined));
  assert.equal(await shown(signed(creation, 9), 1), "log_refused", "with another signature");
  assert.equal(await shown(signed({ ...creation, actor: userId(2) }), 1), "log_refused");
  assert.equal(await shown(signed(creation), 2), "log_refused", "at another seq");
});

test("an entry of another group is refused, and changes nothing", () => {
  const log = new GroupLog(groupId(8));
  const refused = log.apply(creation, { seq: seq(1), bytes: signed(creation), at: 1 });
  assert.equal(!refused.ok && refused.reason.code, "log_refused");
  assert.deepEqual([log.length, log.membership], [0, undefined]);
});
