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
    session.hear(newestPage(dogs, []));
    assert.equal(session.did("fetchOlder").length, 1, "nobody else asks");
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

suite("an event of the account", () => {
  test("changes what is known of the connection, and leaves the rest", () => {
    const session = chatSession();
    assert.deepEqual(session.chat.scene.connection, {
      state: "connecting",
      why: "",
      server: undefined,
      strategy: undefined,
      roundTripMs: undefined,
      waiting: 0,
    });
    session.hear({ kind: "connection", connection: { state: "online", server: "s1" } });
    session.hear({ kind: "connection", connection: { waiting: 2 } });
    const { state, server, waiting } = session.chat.scene.connection;
    assert.deepEqual([state, server, waiting], ["online", "s1", 2]);
  });

  test("changes people, presence, facts and what others have read", () => {
    const session = chatSession().hear(
      { kind: "people", people: [{ user: carol, name: "carol", trusted: "pinned" }] },
      { kind: "presence", group: cats, online: new Set([bob]) },
      { kind: "facts", group: cats, facts: catsFacts },
      { kind: "readUpTo", group: cats, readUpTo: new Map([[bob, idOf.seq(4)]]) },
    );
    const { online, facts, readUpTo } = session.conversation();
    assert.deepEqual([...session.chat.scene.people.keys()], [carol]);
    assert.deepEqual([[...online], facts, [...readUpTo]], [[bob], catsFacts, [[bob, 4]]]);
  });

  test("about a conversation that was never shown is kept for nobody", () => {
    const session = chatSession().hear({ kind: "presence", group: dogs, online: new Set([bob]) });
    assert.equal(session.chat.scene.conversations.has(dogs), false);
  });

  test("takes a message out that was discarded", () => {
    const session = chatSession().hear(newestPage(cats, messageRows(1, 3)));
    session.hear({ kind: "discarded", group: cats, key: idOf.row(2) });
    assert.deepEqual(session.keysShown, [1, 3]);
  });

  test("about a group that the user has left says that it can still be read", () => {
    const { toast } = chatSession().hear({ kind: "left", group: cats }).state;
    assert.deepEqual(
      [toast?.kind, toast?.text],
      ["info", "You are no member of this group any more; what you have read stays."],
    );
  });

  test("shows how far a transfer is, and what came of it", () => {
    const transfer = { id: "1", way: "up", group: cats, name: "cat.png", done: 1, of: 5 } as const;
    const session = chatSession().hear(
      { kind: "transfer", transfer },
      { kind: "transfer", transfer: { ...transfer, id: "2" } },
    );
    session.hear({ kind: "transfer", transfer: { ...transfer, done: 4 } });
    assert.deepEqual(
      [...session.chat.scene.transfers].map(([id, { done }]) => [id, done]),
      [
        ["1", 4],
        ["2", 1],
      ],
    );
    session.hear({ kind: "transferDone", id: "1", text: "cat.png was sent." });
    assert.deepEqual(
      [[...session.chat.scene.transfers.keys()], session.state.toast?.text],
      [["2"], "cat.png was sent."],
    );
  });

  test("asks before a file is replaced, and names it", () => {
    const dialog = chatSession().hear({
      kind: "fileExists",
      group: cats,
      key: idOf.row(1),
      file: "/d/cat.png",
    }).topDialog;
    assert.ok(dialog?.kind === "confirm");
    const { title, text, yes, no } = dialog;
    assert.deepEqual(
      [title, text, yes, no],
      ["Replace the file?", "/d/cat.png is there already.", "Replace", "Keep it"],
    );
  });

  test("of another conversation loads and marks nothing in the one that is shown", () => {
    const session = chatSession().hear(newestPage(cats, messageRows(30, 35), true), {
      kind: "focused",
      focused: false,
    });
    session.hear({
      kind: "page",
      group: cats,
      where: "newest",
      messages: messageRows(30, 36),
      moreOlder: true,
      moreNewer: false,
    });
    session.state = { ...session.state, focused: true };
    session.done();
    session.hear(newestPage(dogs, messageRows(1, 2)), { kind: "message", group: dogs, message: messageRow(9) });
    assert.deepEqual([session.did("markRead"), session.did("load")], [[], []]);
  });

  test("of a list of groups shows none while one is shown, and none of none", () => {
    const session = chatSession().hear({ kind: "groups", groups: [groupRow(dogs), groupRow(cats)] });
    assert.equal(session.chat.scene.active, cats);
    assert.equal(chatSession([]).hear({ kind: "groups", groups: [] }).chat.scene.active, undefined);
  });
});

suite("what is found and comes late", () => {
  test("is shown in no other dialog", () => {
    const session = chatSession().press("f1");
    const before = session.topDialog;
    session.hear({ kind: "hits", group: undefined, words: "", hits: [{ group: cats, message: messageRow(7) }] });
    session.hear({ kind: "directory", asked: ".", directory: "/home", entries: [] });
    assert.deepEqual(session.topDialog, before);
  });

  test("in a conversation without messages begins with the newest", () => {
    const session = chatSession().hear(newestPage(cats, []), { kind: "fetched", group: cats, count: 3, more: true });
    assert.deepEqual(session.did("load").at(-1), { kind: "load", group: cats, where: "older", from: undefined });
  });
});

suite("a notification", () => {
  const session = (of: Partial<Settings> = { notify: "all" }) =>
    withSettings(chatSession([groupRow(cats), groupRow(dogs, { readSeq: idOf.seq(5) })]), of);
  const rung = (of: Session, message = messageRow(9), group = dogs) =>
    of.hear({ kind: "message", group, message }).did("notify");

  test("says who wrote what where, as far as that is known", () => {
    assert.deepEqual(rung(session()), [{ kind: "notify", title: "bob in dogs", text: "message 9" }]);
    assert.equal(rung(session(), messageRow(9, { sender: carol }))[0]?.title, "somebody in dogs");
    assert.equal(rung(session(), messageRow(9), idOf.group(99))[0]?.title, "bob in a group");
    const untitled = chatSession([groupRow(cats), groupRow(dogs, { title: undefined })]);
    assert.equal(rung(withSettings(untitled, { notify: "all" }))[0]?.title, "bob in a group");
  });

  test("that is not due calls for nothing else either", () => {
    const quiet = (of: Session, message: ReturnType<typeof messageRow>, group = dogs) => {
      of.done();
      assert.deepEqual(of.hear({ kind: "message", group, message }).done(), []);
    };
    quiet(session(), messageRow(9, { sender: alice }));
    quiet(session(), messageRow(5));
    quiet(session({ notify: "mentions" }), messageRow(9));
    quiet(
      session()
        .press("M-down")
        .hear(newestPage(dogs, messageRows(6, 8)))
        .press("M-up"),
      messageRow(7, { key: idOf.row(70) }),
    );
    quiet(session().hear(newestPage(cats, [])), messageRow(1, { seq: undefined }), cats);
    const away = session().hear({ kind: "focused", focused: false }, newestPage(cats, messageRows(1, 7)));
    quiet(away, messageRow(7, { key: idOf.row(90) }), cats);
    const known = session()
      .press("M-down")
      .hear(newestPage(dogs, messageRows(6, 8)))
      .press("M-up");
    quiet(known, messageRow(8, { content: { kind: "text", text: "as it was" } }));
  });

  test("comes for what is behind the last that was read, and once for each message", () => {
    assert.equal(rung(session(), messageRow(5)).length, 0);
    assert.equal(rung(session(), messageRow(6)).length, 1);
    assert.equal(rung(session(), messageRow(6, { seq: undefined })).length, 1);
    const shown = session()
      .press("M-down")
      .hear(newestPage(dogs, messageRows(6, 8)))
      .press("M-up");
    assert.equal(rung(shown, messageRow(8, { key: idOf.row(80) })).length, 0);
    const unfocused = session().hear(newestPage(cats, messageRows(1, 3)), { kind: "focused", focused: false });
    unfocused.hear(newestPage(cats, messageRows(1, 7)));
    assert.equal(rung(unfocused, messageRow(90, { seq: idOf.seq(7) }), cats).length, 0, "it has been shown");
    assert.equal(rung(shown, messageRow(9)).length, 1);
    assert.equal(rung(shown, messageRow(9, { seq: idOf.seq(10) })).length, 1, "it is known already");
  });

  test("of a text that names the user alone, where the user wants that", () => {
    const named = messageRow(9, { content: { kind: "text", text: "hey @alice" } });
    assert.equal(rung(session({ notify: "mentions" }), named).length, 1);
    assert.equal(rung(session({ notify: "mentions" })).length, 0);
    assert.equal(rung(session({ notify: "none" }), named).length, 0);
  });
});

test("members who go on writing stay, when others have stopped", () => {
  const session = chatSession().hear({ kind: "typing", group: cats, user: bob });
  session.hear({ kind: "tick", nowMs: 1_004_000 }, { kind: "typing", group: cats, user: carol });
  const writing = () => [...session.conversation().typing.keys()];
  session.hear({ kind: "tick", nowMs: 1_005_999 });
  assert.deepEqual(writing(), [bob, carol]);
  session.hear({ kind: "tick", nowMs: 1_006_000 });
  assert.deepEqual(writing(), [carol]);
});
