import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  alice,
  bob,
  cats,
  catsFacts,
  chatSession,
  dogs,
  groupRow,
  idOf,
  messageRow,
  messageRows,
  newestPage,
  type Session,
} from "../testing/session.ts";
import type { Settings } from "./settings.ts";

const carol = idOf.user(3);

function withSettings(session: Session, change: Partial<Settings>): Session {
  session.state = { ...session.state, settings: { ...session.state.settings, ...change } };
  return session;
}

suite("a new message", () => {
  const reading = () =>
    withSettings(chatSession(), { notify: "all" }).hear(newestPage(cats, messageRows(1, 50)), newestPage(dogs, []));
  const rings = (session: Session, group = cats, of = {}) =>
    session.hear({ kind: "message", group, message: messageRow(51, of) }).did("notify").length;

  test("rings when the user does not see it: elsewhere, scrolled up, or with another window in front", () => {
    assert.equal(rings(reading()), 0);
    assert.equal(rings(reading(), dogs), 1);
    assert.equal(rings(reading().press("pageup")), 1);
    assert.equal(rings(reading().hear({ kind: "focused", focused: false })), 1);
  });

  test("rings for nobody's own, for none whose content cannot be read, and never where the user wants that", () => {
    assert.equal(rings(reading(), dogs, { sender: alice }), 0);
    assert.equal(rings(reading(), dogs, { content: undefined }), 0);
    assert.equal(rings(withSettings(reading(), { notify: "none" }), dogs), 0);
    assert.equal(rings(withSettings(reading(), { notify: "mentions" }), dogs), 0);
  });

  test("that comes late, behind others that have been shown, is no news", () => {
    const away = { kind: "focused", focused: false } as const;
    const session = reading()
      .hear(away)
      .press("M-down")
      .hear(newestPage(dogs, [messageRow(40), messageRow(60)]));
    session.press("M-up");
    assert.equal(rings(session, dogs), 0);
  });

  test("ends that its sender is shown as writing", () => {
    const session = reading().hear(
      { kind: "typing", group: cats, user: bob },
      { kind: "typing", group: cats, user: carol },
    );
    rings(session);
    assert.deepEqual([...session.conversation().typing.keys()], [carol]);
  });
});

suite("somebody who writes", () => {
  test("is shown as writing for some seconds after the last sign of it, and the user never", () => {
    const session = chatSession().hear(
      { kind: "typing", group: cats, user: bob },
      { kind: "typing", group: cats, user: alice },
    );
    const writing = () => [...session.conversation().typing.keys()];
    const { nowMs } = session.state;
    session.hear({ kind: "tick", nowMs: nowMs + 5000 });
    assert.deepEqual(writing(), [bob]);
    session.hear({ kind: "typing", group: cats, user: bob }, { kind: "tick", nowMs: nowMs + 10_000 });
    assert.deepEqual(writing(), [bob], "they go on");
    session.hear({ kind: "tick", nowMs: nowMs + 11_000 });
    assert.deepEqual(writing(), []);
  });
});

suite("what an account reports", () => {
  test("of a conversation that is not shown marks nothing as read", () => {
    const session = chatSession().hear(newestPage(dogs, messageRows(1, 5)));
    assert.deepEqual(session.did("markRead"), []);
  });

  test("in a list from before the user read and wrote takes neither back", () => {
    const session = chatSession([groupRow(cats, { unread: 5, mentions: 1 }), groupRow(dogs)]);
    session
      .hear(newestPage(cats, messageRows(1, 5)))
      .type("for cats")
      .press("M-down");
    session.hear({ kind: "groups", groups: [groupRow(cats, { unread: 5, mentions: 1 }), groupRow(dogs)] });
    const [row] = session.chat.scene.groups;
    assert.deepEqual([row?.readSeq, row?.unread, row?.mentions, row?.draft], [5, 0, 0, "for cats"]);
    session.hear({ kind: "groups", groups: [groupRow(cats, { unread: 2, readSeq: idOf.seq(7) }), groupRow(dogs)] });
    assert.equal(session.chat.scene.groups[0]?.unread, 2, "a newer one counts");
  });

  test("about somebody's safety number goes into the dialog about them, and no other", () => {
    const digits = ["12345"];
    const session = chatSession().hear({ kind: "identityChanged", user: bob, name: "bob" });
    session.hear({ kind: "safetyNumber", number: { user: carol, name: "carol", trusted: "pinned", digits, qr: [] } });
    const shown = () => (session.topDialog?.kind === "trust" ? session.topDialog.number?.name : "no dialog");
    assert.equal(shown(), undefined);
    session.press("enter");
    assert.deepEqual([session.did("verify"), session.did("acceptIdentity")], [[], []], "nothing to compare was shown");
    session.hear({ kind: "safetyNumber", number: { user: bob, name: "bob", trusted: "pinned", digits, qr: [] } });
    assert.equal(shown(), "bob");
  });

  test("of another changed identity opens over the dialog about the first, and of the same one shows the new number", () => {
    const session = chatSession().hear({ kind: "identityChanged", user: bob, name: "bob" });
    session.hear({ kind: "identityChanged", user: bob, name: "bob" });
    assert.equal(session.chat.scene.dialogs.length, 1);
    assert.equal(session.did("readSafetyNumber").length, 2);
    session.hear({ kind: "identityChanged", user: carol, name: "carol" });
    assert.deepEqual(
      session.chat.scene.dialogs.map((dialog) => dialog.kind === "trust" && dialog.user),
      [bob, carol],
    );
  });

  test("as found for other words, or in another scope, is not shown", () => {
    const session = chatSession().press("C-f").type("fish");
    const { group } = session.did("search").at(-1) ?? {};
    const hits = [{ group: cats, message: messageRow(7) }];
    const found = () => (session.topDialog?.kind === "search" ? session.topDialog.hits?.length : undefined);
    const before = found();
    session.hear({ kind: "hits", group, words: "fis", hits });
    session.hear({ kind: "hits", group: group === undefined ? cats : undefined, words: "fish", hits });
    assert.equal(found(), before);
    session.hear({ kind: "hits", group, words: "fish", hits });
    assert.equal(found(), 1);
  });

  test("of older messages that could not be fetched lets the user ask again, once at a time", () => {
    const session = chatSession().hear(newestPage(cats, messageRows(1, 5)));
    session.press("pageup", "pageup");
    assert.equal(session.did("fetchOlder").length, 1, "it is under way");
    session.hear({ kind: "fetched", group: cats, count: 0, more: true, problem: "There is no connection." });
    session.press("pageup");
    assert.equal(session.did("fetchOlder").length, 2);
  });

  test("of a transfer that has ended takes it off the list, and of a preview leaves the others", () => {
    const transfer = { id: "up1", way: "up", group: cats, name: "cat.png", done: 0, of: 5 } as const;
    const session = chatSession().hear(
      { kind: "transfer", transfer: { ...transfer, stopped: undefined } },
      { kind: "transferDone", id: "up1", text: "cat.png was sent." },
    );
    assert.equal(session.chat.scene.transfers.size, 0);
    for (const key of [1, 2]) {
      session.hear({ kind: "preview", key: idOf.row(key), preview: { kind: "none", why: "broken" } });
    }
    assert.deepEqual([...session.chat.scene.previews.keys()], [1, 2]);
  });

  test("as news is shown for a while", () => {
    const session = chatSession().hear({ kind: "news", text: "bob has joined." });
    assert.ok(session.state.toast);
    session.hear({ kind: "tick", nowMs: session.state.nowMs + 60_000 });
    assert.equal(session.state.toast, undefined);
  });

  test("at its opening shows the first group that the user has not left", () => {
    assert.equal(chatSession([groupRow(cats, { left: true }), groupRow(dogs)]).chat.scene.active, dogs);
  });

  test("as done for the form of a group closes that, and opens the group", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }).press("M-g");
    session.type("carol").press("enter", "enter", "enter");
    assert.equal(session.did("amendGroup").length, 1);
    session.type("dave").press("enter");
    assert.equal(session.did("amendGroup").length, 1, "one change at a time");
    session.hear({ kind: "groupDone", group: cats });
    assert.equal(session.topDialog, undefined);
  });
});
