import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { createAccountSecret } from "../../e2ee/account-secret.ts";
import { wordsOf } from "../../e2ee/content.ts";
import { createIdentity } from "../../e2ee/identity.ts";
import { systemClock } from "../../platform/clock.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { present } from "../../testing/present.ts";
import { rowKey } from "../../testing/row-key.ts";
import { clientMessageId, epoch, type GroupId, groupId, seq, userId } from "../../wire/ids.ts";
import type { KeptMessage } from "../group/keeper.ts";
import { Vault } from "./vault.ts";
import type { ShownMessage, VaultChange } from "./view.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "view-test-"));
after(() => {
  for (const vault of open) vault.close();
  rmSync(scratch, { recursive: true, force: true });
});
let files = 0;
const account = createAccountSecret(createIdentity("alice", await keyPair(0)));

const group = groupId(7);
const me = userId(1);
const other = userId(2);

const open: Vault[] = [];

function opened(): Vault {
  const vault = Vault.open(path.join(scratch, `vault-${files++}.db`), new Uint8Array(32).fill(7), systemClock);
  vault.saveAccountSecret(account);
  vault.saveSession({ user: me, token: Buffer.from("token") });
  open.push(vault);
  return vault;
}

let ids = 1000n;
function receive(vault: Vault, at: number, text: string, of: Partial<KeptMessage> & { to?: GroupId } = {}): void {
  const { to = group, ...fields } = of;
  const message = {
    seq: seq(at),
    sender: other,
    clientMessageId: clientMessageId(ids++),
    epoch: epoch(1),
    sentAt: at * 1000,
    content: { kind: "text" as const, text },
    fault: undefined,
    ...fields,
  };
  vault.keep(to, { message, cursor: seq(at) });
}

function write(vault: Vault, id: number, text: string, to = group): void {
  vault.written({ id: clientMessageId(BigInt(id)), group: to, content: { kind: "text", text }, writtenAt: 1e6 + id });
}

const texts = (messages: readonly ShownMessage[]) =>
  messages.map(({ content }) => (content ? wordsOf(content) : undefined));

test("messages are shown by their seqs, and behind them those without one in the order in which they were written", () => {
  const vault = opened();
  write(vault, 1, "first to fail");
  write(vault, 2, "waits");
  write(vault, 3, "arrives");
  for (const at of [12, 13, 15]) receive(vault, at, `at ${at}`);
  vault.settled(clientMessageId(1n), { ok: false, why: "payload_too_large" });
  vault.settled(clientMessageId(3n), { ok: true, seq: seq(14) });
  const { view } = vault;
  assert.deepEqual(texts(view.last(group, 10)), ["at 12", "at 13", "at 15", "first to fail", "waits", "arrives"]);
  receive(vault, 14, "arrives", { sender: me, clientMessageId: clientMessageId(3n) });
  // An older message is fetched later.
  receive(vault, 11, "at 11");
  const all = view.last(group, 10);
  const [, , at13] = all;
  assert.ok(at13);
  assert.deepEqual(texts(view.after(at13.row, 3)), ["arrives", "at 15", "first to fail"]);
  assert.deepEqual(texts(all), ["at 11", "at 12", "at 13", "arrives", "at 15", "first to fail", "waits"]);
  assert.deepEqual(
    all.map(({ state, seq: at, epoch: under, why }) => [state, at, under, why]),
    [
      ["received", 11, 1, undefined],
      ["received", 12, 1, undefined],
      ["received", 13, 1, undefined],
      ["sent", 14, 1, undefined],
      ["received", 15, 1, undefined],
      ["failed", undefined, undefined, "payload_too_large"],
      ["written", undefined, undefined, undefined],
    ],
  );
  assert.deepEqual(texts(view.waiting()), ["waits"]);
});

test("a page ends where the next one begins, in both directions", () => {
  const vault = opened();
  for (let at = 1; at <= 20; at++) receive(vault, at, `${at}`);
  for (let id = 1; id <= 5; id++) write(vault, id, `unsent ${id}`);
  const { view } = vault;
  const all = view.last(group, 100);
  assert.equal(all.length, 25);
  for (const count of [1, 2, 7, 25]) {
    const up = view.last(group, count);
    for (;;) {
      const page = view.before(present(up[0]).row, count);
      if (page.length === 0) break;
      up.unshift(...page);
    }
    assert.deepEqual(up, all);
    const down = [present(all[0])];
    for (let page: ShownMessage[] = down.slice(); page.length > 0; ) {
      page = view.after(present(down.at(-1)).row, count);
      down.push(...page);
    }
    assert.deepEqual(down, all);
  }
  for (const [i, { row }] of all.entries()) {
    const around = view.around(row, 9);
    const from = Math.min(Math.max(0, i - 4), all.length - 9);
    assert.deepEqual(texts(around), texts(all.slice(from, from + 9)));
  }
  assert.deepEqual(view.around(rowKey(999_999), 9), []);
  assert.deepEqual(view.before(rowKey(999_999), 9), []);
});

test("groups have counts of unread messages and mentions, and the one with the latest message comes first", () => {
  const vault = opened();
  const [quiet, busy] = [groupId(8), groupId(9)];
  vault.keep(quiet, { title: "quiet" });
  receive(vault, 1, "long ago @alice");
  receive(vault, 2, "hello @ALICE and @bob", { to: busy, sentAt: 9e12 });
  receive(vault, 3, "hello @alice2", { to: busy, sentAt: 9e12 + 1 });
  receive(vault, 4, "I said @alice", { to: busy, sender: me, sentAt: 9e12 + 2 });
  receive(vault, 5, "", { to: busy, content: undefined, fault: "broken", sentAt: 9e12 + 3 });
  const shown = () => vault.view.groups().map(({ group: id, unread, mentions }) => [id, unread, mentions]);
  assert.deepEqual(shown(), [
    [busy, 3, 1],
    [quiet, 0, 0],
    [group, 1, 1],
  ]);
  const [first] = vault.view.groups();
  assert.deepEqual(
    [first?.last?.seq, first?.last?.state, first?.last?.why, first?.title],
    [5, "unreadable", "broken", undefined],
  );
  assert.equal(vault.readUpTo(busy, seq(2)), true);
  assert.deepEqual(shown()[0], [busy, 2, 0]);
  assert.equal(vault.readUpTo(busy, seq(1)), false);
  assert.equal(vault.view.groups()[0]?.readSeq, 2);
  vault.left(busy);
  assert.equal(typeof vault.view.groups()[0]?.leftAt, "number");
});

test("each group keeps a draft of its own", () => {
  const vault = opened();
  vault.keep(group, { title: "a" });
  vault.keep(groupId(8), { title: "b" });
  vault.view.saveDraft(group, "half a sen");
  assert.equal(vault.view.draft(group), "half a sen");
  assert.equal(vault.view.draft(groupId(8)), "");
  assert.equal(vault.view.draft(groupId(99)), "");
  assert.equal(vault.view.groups().find(({ group: id }) => id === group)?.draft, "half a sen");
});

test("a listener is called for each message that is kept or changes, once it is kept", () => {
  const vault = opened();
  const changes: VaultChange[] = [];
  const cancel = vault.view.subscribe((change) => {
    if (change.row !== undefined) assert.ok(vault.view.message(change.row));
    changes.push(change);
  });
  write(vault, 1, "hello");
  const [{ row } = assert.fail()] = vault.view.last(group, 1);
  vault.settled(clientMessageId(1n), { ok: true, seq: seq(1) });
  receive(vault, 1, "hello", { sender: me, clientMessageId: clientMessageId(1n) });
  assert.deepEqual(
    changes,
    [1, 2, 3].map(() => ({ group, row })),
  );
  receive(vault, 2, "another");
  assert.notEqual(changes[3]?.row, row);
  cancel();
  receive(vault, 3, "unheard");
  assert.equal(changes.length, 4);
});

test("a search finds messages with all words, the last perhaps unfinished, newest first, in one group or in all", () => {
  const vault = opened();
  receive(vault, 1, "the cat climbs the tree");
  receive(vault, 2, "the dog, too");
  receive(vault, 3, "Climbing is for CATS", { to: groupId(8), sentAt: 1 });
  write(vault, 1, "my cat is not sent yet");
  const { view } = vault;
  const found = (typed: string, of: { group?: GroupId; count?: number } = {}) =>
    texts(view.search(typed, { count: 10, ...of }));
  assert.deepEqual(found("cat"), ["my cat is not sent yet", "the cat climbs the tree", "Climbing is for CATS"]);
  assert.deepEqual(found("cat", { count: 1 }), ["my cat is not sent yet"]);
  assert.deepEqual(found("cat", { group: groupId(8) }), ["Climbing is for CATS"]);
  assert.deepEqual(found("cat clim", { group }), ["the cat climbs the tree"]);
  assert.deepEqual(found("clim cat"), [], "only the last word may be unfinished");
  const [hit = assert.fail()] = view.search("tree", { count: 1 });
  assert.equal(hit.group, group);
  assert.deepEqual(texts(view.around(hit.row, 3)), [
    "the cat climbs the tree",
    "the dog, too",
    "my cat is not sent yet",
  ]);
});

test("typed signs are no operators, and words of scripts without spaces are found within a text", () => {
  const vault = opened();
  const said = [
    'he said "no" - NOT me',
    "C++ AND *stars*",
    "今晚的会议改到八点",
    "了解😀🦊👍🏽",
    "ไม่มีปัญหา",
    "Ünïcode straße",
    "a:b z^2",
  ];
  for (const [i, text] of said.entries()) receive(vault, i + 1, text);
  const found = (typed: string) => texts(vault.view.search(typed, { count: 10 }));
  for (const [typed, text] of [
    ['"no"', said[0]],
    ['"no', said[0]],
    ["- no", said[0]],
    ["NOT me", said[0]],
    ["no -", said[0]],
    ["*sta", said[1]],
    ["sta -", said[1]],
    ["C++", said[1]],
    ["AND", said[1]],
    ["会议", said[2]],
    ["八点", said[2]],
    ["会议 今晚", said[2]],
    ["🦊", said[3]],
    ["😀", said[3]],
    ["👍", said[3]],
    ["了解 😀", said[3]],
    ["ปัญหา", said[4]],
    ["unicode", said[5]],
    ["a:b", said[6]],
    ["(z^2)", said[6]],
  ] as const) {
    assert.deepEqual(found(typed), [text], typed);
  }
  for (const typed of ["", " ", '"', "-", "*", "()", "^", "\0", "NEAR(", "🐙", "议会", "words:", "\ud800"]) {
    assert.deepEqual(found(typed), [], typed);
  }
});

test("no typed text makes a search fail", () => {
  const { view } = opened();
  const signs = fc.constantFrom(
    '"',
    "*",
    "-",
    "(",
    ")",
    "^",
    ":",
    "AND",
    "OR",
    "NOT",
    "NEAR",
    " ",
    "😀",
    "会",
    "a",
    "\0",
    "'",
    "+",
    ",",
    "{",
    "}",
  );
  const typed = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(signs).map((parts) => parts.join("")),
  );
  fc.assert(fc.property(typed, (text) => Array.isArray(view.search(text, { count: 3 }))));
});

test("messages that have expired are found no more", () => {
  const vault = opened();
  receive(vault, 1, "secret plans");
  receive(vault, 2, "later plans");
  vault.expire(group, 1500);
  assert.deepEqual(texts(vault.view.search("plans", { count: 10 })), ["later plans"]);
  assert.deepEqual(texts(vault.view.last(group, 10)), ["later plans"]);
});
