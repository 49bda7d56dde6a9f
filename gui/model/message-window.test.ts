import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { cats, chatSession, idOf, messageRow, messageRows } from "../testing/session.ts";
import { lastSeqOf, withMessage, withoutMessage, withPage } from "./message-window.ts";
import type { MessageRow } from "./shown.ts";
import type { Conversation } from "./state.ts";
import { conversationOf } from "./step.ts";

const windowOf = (messages: readonly MessageRow[], of: Partial<Conversation> = {}): Conversation => ({
  ...conversationOf(chatSession().chat, cats),
  messages,
  ...of,
});
const keys = ({ messages }: Conversation) => messages.map(({ key }) => key);
const page = (
  where: "newest" | "older" | "newer" | "around",
  messages: readonly MessageRow[],
  moreOlder = false,
  moreNewer = false,
) => ({
  where,
  messages,
  moreOlder,
  moreNewer,
});

suite("a page", () => {
  test("of the newest messages, or around one, takes the window's place", () => {
    const newest = withPage(windowOf(messageRows(1, 3), { newest: false }), page("newest", messageRows(7, 9), true));
    assert.deepEqual([keys(newest), newest.older, newest.newest], [[7, 8, 9], "vault", true]);
    const around = withPage(windowOf(messageRows(1, 3)), page("around", messageRows(5, 6), false, true));
    assert.deepEqual([keys(around), around.older, around.newest], [[5, 6], "server", false]);
    assert.equal(withPage(around, page("around", messageRows(5, 6))).newest, true);
  });

  test("of older or newer messages grows the window, and brings no message twice", () => {
    const window = windowOf(messageRows(5, 7), { newest: true, older: "loading" });
    const older = withPage(window, page("older", messageRows(3, 5), true));
    assert.deepEqual([keys(older), older.older, older.newest], [[3, 4, 5, 6, 7], "vault", true]);
    const later = { ...window, newest: false };
    const newer = withPage(later, page("newer", messageRows(7, 9), true, true));
    assert.deepEqual([keys(newer), newer.older, newer.newest], [[5, 6, 7, 8, 9], "loading", false]);
    assert.equal(withPage(later, page("newer", messageRows(7, 9))).newest, true);
    assert.equal(withPage(later, page("older", messageRows(3, 5))).newest, false);
  });
});

suite("a message", () => {
  const unplaced = (key: number) => messageRow(key, { seq: undefined });

  test("has its place by its seq, and before those that have none yet", () => {
    const window = windowOf([messageRow(1), messageRow(3), unplaced(8)]);
    assert.deepEqual(keys(withMessage(window, messageRow(2))), [1, 2, 3, 8]);
    assert.deepEqual(keys(withMessage(window, messageRow(4))), [1, 3, 4, 8]);
    assert.deepEqual(keys(withMessage(window, messageRow(9, { seq: idOf.seq(1) }))), [9, 1, 3, 8]);
  });

  test("without a seq is behind those that were written before it", () => {
    const window = windowOf([messageRow(1), messageRow(20), unplaced(8), unplaced(12)]);
    assert.deepEqual(keys(withMessage(window, unplaced(10))), [1, 20, 8, 10, 12]);
    assert.deepEqual(keys(withMessage(window, unplaced(15))), [1, 20, 8, 12, 15]);
    assert.deepEqual(keys(withMessage(window, unplaced(5))), [1, 20, 5, 8, 12]);
  });

  test("that is known takes the place of what it was, also in a window that ends before the newest", () => {
    const changed = messageRow(1, { state: "failed" });
    const window = windowOf(messageRows(1, 2), { newest: false, older: "server" });
    const after = withMessage(window, changed);
    assert.deepEqual([keys(after), after.messages[0]?.state, after.older], [[1, 2], "failed", "server"]);
    assert.equal(withMessage(window, messageRow(3)), window, "a new one comes with its page");
  });

  test("can be taken out", () => {
    const window = windowOf(messageRows(1, 3));
    assert.deepEqual(keys(withoutMessage(window, idOf.row(2))), [1, 3]);
    assert.equal(withoutMessage(window, idOf.row(9)), window, "it is not there");
  });

  test("at the bottom of the view leaves its place to the next, or to the end", () => {
    const at = (key: number) => ({ key: idOf.row(key), linesBelow: 2 });
    const without = (key: number, anchor: number) =>
      withoutMessage(windowOf(messageRows(1, 3), { anchor: at(anchor) }), idOf.row(key)).anchor;
    assert.deepEqual(without(2, 2), { key: 3, linesBelow: 0 });
    assert.equal(without(3, 3), undefined);
    assert.deepEqual(without(1, 2), at(2));
  });
});

test("the last seq is that of the last message that has one", () => {
  assert.equal(lastSeqOf(windowOf([messageRow(1), messageRow(2), messageRow(3, { seq: undefined })])), 2);
  assert.equal(lastSeqOf(windowOf([])), undefined);
});
