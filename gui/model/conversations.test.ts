import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  alice,
  bob,
  cats,
  chatSession,
  dogs,
  groupRow,
  idOf,
  messageRow,
  messageRows,
  newestPage,
} from "../testing/session.ts";
import { openGroup } from "./conversations.ts";
import { windowMax } from "./message-window.ts";
import { conversationOf } from "./step.ts";

suite("conversations", () => {
  test("the newest page is shown, and marked as read", () => {
    const session = chatSession([groupRow(cats, { unread: 2, readSeq: idOf.seq(3) })]);
    assert.deepEqual(
      session.done().map(({ kind }) => kind),
      ["show", "load"],
    );
    session.hear(newestPage(cats, messageRows(1, 5)));
    assert.deepEqual(session.did("markRead"), [{ kind: "markRead", group: cats, seq: 5 }]);
    assert.equal(session.conversation().newFrom, 4);
    assert.equal(session.chat.scene.groups[0]?.unread, 0);
  });

  test("nothing is marked as read while another window has the focus", () => {
    const session = chatSession();
    session.hear({ kind: "focused", focused: false }, newestPage(cats, messageRows(1, 5)));
    assert.deepEqual(session.did("markRead"), []);
    session.hear({ kind: "focused", focused: true });
    assert.equal(session.did("markRead")[0]?.seq, 5);
  });

  test("new messages do not move the view of a user who has scrolled up", () => {
    const session = chatSession()
      .hear(newestPage(cats, messageRows(1, 50)))
      .press("pageup");
    const { anchor } = session.conversation();
    assert.ok(anchor);
    session.done();
    session.hear({ kind: "message", group: cats, message: messageRow(51) });
    assert.deepEqual(session.conversation().anchor, anchor);
    assert.deepEqual(session.did("markRead"), []);
    session.press("M-end");
    assert.equal(session.did("markRead")[0]?.seq, 51);
  });

  test("scrolling up loads from the vault, then from the server, until there is no more", () => {
    const session = chatSession()
      .hear(newestPage(cats, messageRows(30, 50), true))
      .press("pageup", "pageup");
    assert.deepEqual(session.did("load").at(-1), { kind: "load", group: cats, where: "older", from: 30 });
    session.hear({
      kind: "page",
      group: cats,
      where: "older",
      messages: messageRows(20, 29),
      moreOlder: false,
      moreNewer: true,
    });
    assert.deepEqual(
      session.keysShown,
      messageRows(20, 50).map(({ key }) => key),
    );
    session.press("pageup", "pageup", "pageup");
    assert.equal(session.did("fetchOlder").length, 1);
    session.hear({ kind: "fetched", group: cats, count: 0, more: false });
    assert.equal(session.conversation().older, "none");
    assert.equal(session.press("pageup").did("fetchOlder").length, 1);
  });

  test("a message keeps its row from being written to being acknowledged, and is then in the order of seqs", () => {
    const session = chatSession().hear(newestPage(cats, messageRows(1, 3)));
    const own = messageRow(9, { seq: undefined, sender: alice, state: "written" });
    session.hear({ kind: "message", group: cats, message: own });
    session.hear({ kind: "message", group: cats, message: messageRow(4) });
    assert.deepEqual(session.keysShown, [1, 2, 3, 4, 9]);
    session.hear({ kind: "message", group: cats, message: messageRow(5, { seq: idOf.seq(6) }) });
    session.hear({ kind: "message", group: cats, message: { ...own, seq: idOf.seq(5), state: "sent" } });
    assert.deepEqual(session.keysShown, [1, 2, 3, 4, 9, 5]);
  });

  test("drafts stay with their conversation", () => {
    const session = chatSession().type("for cats").press("M-down").type("for dogs").press("M-up");
    assert.equal(session.draft, "for cats");
    assert.deepEqual(
      session.did("saveDraft").map(({ group, text }) => [group, text]),
      [
        [cats, "for cats"],
        [dogs, "for dogs"],
      ],
    );
  });

  test("the next unread conversation is one with a mention, before others", () => {
    const birds = idOf.group(12);
    const rows = [groupRow(cats), groupRow(dogs, { unread: 3 }), groupRow(birds, { unread: 1, mentions: 1 })];
    assert.equal(chatSession(rows).press("C-n").chat.scene.active, birds);
  });

  test("choosing a search hit shows it, also in another group", () => {
    const session = chatSession().press("M-f").type("fish");
    assert.equal(session.did("search").at(-1)?.words, "fish");
    session.hear({ kind: "hits", group: undefined, words: "fish", hits: [{ group: dogs, message: messageRow(77) }] });
    session.hear({ kind: "hits", group: undefined, words: "fis", hits: [] });
    session.press("enter");
    assert.equal(session.chat.scene.active, dogs);
    assert.deepEqual(session.did("load").at(-1), { kind: "load", group: dogs, where: "around", from: 77 });
    assert.deepEqual(session.conversation(dogs).anchor, { key: 77, linesBelow: 0 });
  });

  test("the first group of a user is shown at once", () => {
    const session = chatSession([]).hear({ kind: "groups", groups: [groupRow(cats)] });
    assert.equal(session.chat.scene.active, cats);
  });

  test("a message can be selected, and a failed one sent again", () => {
    const failed = messageRow(3, { sender: alice, state: "failed", why: "busy", seq: undefined });
    const session = chatSession()
      .hear(newestPage(cats, [...messageRows(1, 2), failed]))
      .press("S-up", "r");
    assert.deepEqual(session.did("retry"), [{ kind: "retry", group: cats, key: 3 }]);
    session.press("up", "r", "enter", "enter");
    assert.equal(session.did("retry").length, 1);
    assert.equal(session.did("readSafetyNumber")[0]?.user, bob);
  });

  test("pictures are shown unasked, once each, unless they are large or the user has switched that off", () => {
    const file = (key: number, size: number) => {
      const content = { kind: "file", name: "cat.png", mediaType: "image/png", size } as const;
      return messageRow(key, {
        content: { ...content, attachment: new Uint8Array(16), key: new Uint8Array(32), hash: new Uint8Array(32) },
      });
    };
    const session = chatSession().hear(newestPage(cats, [file(1, 1000), file(2, 1e8)]));
    session.hear({ kind: "message", group: cats, message: file(3, 1000) });
    assert.deepEqual(
      session.did("previewMessage").map(({ key }) => key),
      [1, 3],
    );
    session.hear({ kind: "preview", key: idOf.row(1), preview: { kind: "none", why: "broken" } });
    session.state = { ...session.state, settings: { ...session.state.settings, previews: false } };
    session.hear({ kind: "message", group: cats, message: file(4, 1000) });
    assert.equal(session.did("previewMessage").length, 2);
  });

  test("notifications come for mentions in other groups, once, and not for messages that were read", () => {
    const named = (key: number) => messageRow(key, { content: { kind: "text", text: "hey @Alice" } });
    const session = chatSession([groupRow(cats), groupRow(dogs, { readSeq: idOf.seq(5) })]);
    session.hear({ kind: "message", group: dogs, message: messageRow(6) });
    session.hear({ kind: "message", group: dogs, message: named(4) });
    assert.deepEqual(session.did("notify"), []);
    session.hear({ kind: "message", group: dogs, message: named(7) });
    assert.deepEqual(session.did("notify"), [{ kind: "notify", title: "bob in dogs", text: "hey @Alice" }]);
    session.hear(newestPage(cats, [])).hear({ kind: "message", group: cats, message: named(8) });
    assert.equal(session.did("notify").length, 1);
  });

  test("a window that ends before the conversation does is not marked as read, and takes in no new message", () => {
    const session = chatSession();
    session.hear({
      kind: "page",
      group: cats,
      where: "around",
      messages: messageRows(1, 5),
      moreOlder: false,
      moreNewer: true,
    });
    session.hear({ kind: "message", group: cats, message: messageRow(90) });
    assert.deepEqual([session.did("markRead"), session.keysShown], [[], [1, 2, 3, 4, 5]]);
  });

  test("a line that was recalled is no draft: the one before it is kept", () => {
    const session = chatSession().type("said").press("enter").type("for cats").press("up");
    assert.equal(session.draft, "said");
    session.press("M-down");
    assert.deepEqual(session.did("saveDraft").at(-1), { kind: "saveDraft", group: cats, text: "for cats" });
    assert.equal(session.press("M-up").draft, "for cats");
  });

  test("a window has a bound: it loses messages at its other end, and says so, but none that the user looks at", () => {
    const long = () => chatSession().hear(newestPage(cats, messageRows(1001, 1000 + windowMax)));
    const one = messageRow(1001 + windowMax);
    const grown = long().hear({ kind: "message", group: cats, message: one });
    assert.deepEqual([grown.keysShown[0], grown.keysShown.length], [1002, windowMax]);
    assert.equal(grown.conversation().older, "vault", "what it has lost can be loaded again");
    const scrolledUp = long().press("pageup").hear({ kind: "message", group: cats, message: one });
    assert.deepEqual([scrolledUp.keysShown[0], scrolledUp.keysShown.length], [1001, windowMax + 1]);
    const page = { kind: "page", group: cats, moreOlder: false } as const;
    const older = { ...page, where: "older", messages: messageRows(991, 1000), moreNewer: true } as const;
    const back = long().press("pageup").hear(older);
    assert.deepEqual([back.keysShown[0], back.keysShown.length, back.conversation().newest], [991, windowMax, false]);
    const newer = { ...page, where: "newer", messages: messageRows(2001, 2010), moreNewer: false } as const;
    const on = long().hear(newer);
    assert.deepEqual([on.keysShown[0], on.keysShown.length, on.conversation().older], [1011, windowMax, "vault"]);
  });

  test("a picture whose message has no place in the conversation yet is not fetched", () => {
    const file = { kind: "file", name: "cat.png", mediaType: "image/png", size: 10 } as const;
    const content = { ...file, attachment: new Uint8Array(16), key: new Uint8Array(32), hash: new Uint8Array(32) };
    const session = chatSession().hear(newestPage(cats, []));
    const own = messageRow(9, { seq: undefined, sender: alice, state: "written", content });
    session.hear({ kind: "message", group: cats, message: own });
    assert.deepEqual(session.did("previewMessage"), []);
    session.hear({ kind: "message", group: cats, message: { ...own, seq: idOf.seq(1), state: "sent" } });
    assert.equal(session.did("previewMessage").length, 1);
  });

  test("going to the one that is shown moves the focus alone, and to one that is unknown does nothing", () => {
    const session = chatSession()
      .hear(newestPage(cats, messageRows(1, 3)))
      .press("S-up");
    session.done();
    session.hear({ kind: "click", on: "groups", row: 0, column: 1 });
    assert.deepEqual([session.done(), session.chat.scene.focus], [[], "input"]);
    assert.equal(session.conversation().selected, 3);
    const { chat } = session;
    assert.deepEqual(openGroup(chat, idOf.group(99)), { state: chat, effects: [] });
  });

  test("a conversation that was shown before is not loaded again, unless its window ends before the newest message", () => {
    const session = chatSession()
      .hear(newestPage(cats, messageRows(1, 50)))
      .press("pageup", "M-down");
    assert.deepEqual(session.did("show").at(-1), { kind: "show", group: dogs, before: cats });
    session.hear(newestPage(dogs, messageRows(1, 3)));
    session.done();
    session.press("M-up");
    assert.deepEqual(session.done(), [{ kind: "show", group: cats, before: dogs }]);
    assert.equal(session.conversation().anchor, undefined, "it is at its end again");
    const around = { where: "around", messages: messageRows(1, 5), moreOlder: false, moreNewer: true } as const;
    session.hear({ kind: "page", group: cats, ...around }).press("M-down");
    session.done();
    session.press("M-up");
    assert.deepEqual(session.done().at(-1), { kind: "load", group: cats, where: "newest" });
  });

  test("what was unread is marked from the first of it on, and nothing where all was read", () => {
    const rows = [groupRow(cats), groupRow(dogs, { unread: 1, readSeq: idOf.seq(7) })];
    const session = chatSession(rows).press("M-down");
    assert.deepEqual([session.conversation().newFrom, session.conversation(dogs).newFrom], [undefined, 8]);
    session.press("M-down");
    assert.equal(session.chat.scene.active, dogs, "it is the last");
    assert.equal(session.press("M-up", "M-up").chat.scene.active, cats, "it is the first");
  });

  test("reading one changes no other, and what has been read is marked once", () => {
    const rows = [groupRow(cats, { unread: 2 }), groupRow(dogs, { unread: 3 })];
    const session = chatSession(rows).hear(newestPage(cats, messageRows(1, 5)));
    assert.deepEqual(
      session.chat.scene.groups.map(({ unread, readSeq }) => [unread, readSeq]),
      [
        [0, 5],
        [3, 0],
      ],
    );
    session.hear({ kind: "focused", focused: true }, newestPage(cats, messageRows(1, 5)));
    assert.equal(session.did("markRead").length, 1);
    const second = chatSession([groupRow(dogs), groupRow(cats)])
      .press("M-down")
      .hear(newestPage(cats, messageRows(1, 2)));
    assert.deepEqual(
      second.chat.scene.groups.map(({ readSeq }) => readSeq),
      [0, 2],
    );
  });

  test("a draft is kept where it was written, and once", () => {
    const session = chatSession().press("M-down").type("for dogs").press("M-up");
    assert.deepEqual(
      session.chat.scene.groups.map(({ draft }) => draft),
      ["", "for dogs"],
    );
    session.press("M-down", "M-up");
    assert.deepEqual(session.did("saveDraft"), [{ kind: "saveDraft", group: dogs, text: "for dogs" }]);
  });

  test("the draft that the vault kept is there again", () => {
    const session = chatSession([groupRow(cats), groupRow(dogs, { draft: "from before" })]);
    assert.equal(session.draft, "");
    assert.equal(session.press("M-down").draft, "from before");
    assert.deepEqual(session.did("saveDraft"), []);
  });

  test("that is shown and is in the list no more is left for the first, and its draft is kept", () => {
    for (const key of ["M-up", "M-down"]) {
      const session = chatSession()
        .type("for cats")
        .hear({ kind: "groups", groups: [groupRow(dogs)] });
      assert.equal(session.press(key).chat.scene.active, dogs);
      assert.deepEqual(session.did("saveDraft"), [{ kind: "saveDraft", group: cats, text: "for cats" }]);
    }
  });

  test("that nobody has looked at is empty, with the draft that the vault kept", () => {
    const { chat } = chatSession([groupRow(cats), groupRow(dogs, { draft: "from before" })]);
    const { messages, older, newest, draft } = conversationOf(chat, dogs);
    assert.deepEqual([messages, older, newest, draft.text], [[], "loading", true, "from before"]);
    assert.equal(conversationOf(chat, idOf.group(99)).draft.text, "");
  });

  test("quitting keeps the draft", () => {
    const session = chatSession().type("not done");
    session.done();
    assert.deepEqual(session.press("C-q").done(), [
      { kind: "saveDraft", group: cats, text: "not done" },
      { kind: "quit" },
    ]);
  });

  test("the next unread conversation is looked for below first, and then from the top", () => {
    const birds = idOf.group(12);
    const rows = [groupRow(cats, { unread: 1 }), groupRow(dogs), groupRow(birds, { unread: 1 })];
    const session = chatSession(rows).press("M-down");
    assert.equal(session.press("C-n").chat.scene.active, birds);
    session.press("M-up");
    const read = {
      kind: "groups",
      groups: [rows[0], groupRow(dogs), groupRow(birds)].filter((row) => row !== undefined),
    } as const;
    assert.equal(session.hear(read).press("C-n").chat.scene.active, cats);
    const own = chatSession([groupRow(cats, { unread: 1 }), groupRow(dogs)]);
    own.done();
    assert.deepEqual([own.press("C-n").chat.scene.active, own.done()], [cats, []], "not the one that is shown");
    const fish = idOf.group(13);
    const third = chatSession([groupRow(cats), groupRow(dogs), groupRow(birds), groupRow(fish)]).press(
      "M-down",
      "M-down",
    );
    const unread = [groupRow(cats), groupRow(dogs, { unread: 1 }), groupRow(birds), groupRow(fish, { unread: 1 })];
    assert.equal(third.hear({ kind: "groups", groups: unread }).press("C-n").chat.scene.active, fish);
    const mentioned = chatSession([groupRow(cats, { unread: 1, mentions: 1 }), groupRow(dogs, { unread: 1 })]);
    assert.equal(mentioned.press("C-n").chat.scene.active, dogs, "nor a mention in it");
    const two = chatSession([groupRow(cats), groupRow(dogs, { unread: 1 }), groupRow(birds, { unread: 2 })]);
    assert.equal(two.press("C-n").chat.scene.active, dogs);
  });
});
