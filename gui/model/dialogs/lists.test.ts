import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bindingsOf } from "../../keys/bindings.ts";
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
} from "../../testing/session.ts";
import { menuItems } from "./message.ts";
import { settingsRows, turned, valueText } from "./settings.ts";
import { groupsLike } from "./switch.ts";

const click = (row: number) => ({ kind: "click", on: "dialog", row, column: 1 }) as const;
const atIn = ({ topDialog }: Session) => (topDialog && "at" in topDialog ? topDialog.at : undefined);
const bytes = (length: number) => new Uint8Array(length);
const file = { kind: "file", name: "cat.png", mediaType: "image/png", size: 9e9, text: "" } as const;
const content = { ...file, attachment: bytes(16), key: bytes(32), hash: bytes(32) };

suite("the help", () => {
  const top = (session: Session) => (session.topDialog?.kind === "help" ? session.topDialog.top : undefined);

  test("is scrolled by lines and pages, and not beyond its beginning", () => {
    const session = chatSession().press("f1");
    assert.equal(top(session), 0);
    assert.equal(top(session.press("down", "down")), 2);
    assert.equal(top(session.press("pagedown")), 12);
    assert.equal(top(session.press("up")), 11);
    assert.equal(top(session.press("pageup")), 1);
    assert.equal(top(session.press("pageup")), 0);
    assert.equal(session.press("escape").topDialog, undefined);
  });

  test("is not moved by clicks nor texts, and the terminal's keys work in it", () => {
    const session = chatSession().press("f1");
    session.done();
    session.hear(click(3)).type("x").hear({ kind: "paste", text: "y" });
    assert.deepEqual([top(session), session.draft, session.done()], [0, "", []]);
    assert.deepEqual(session.press("C-l", "C-z", "C-q").done(), [
      { kind: "redraw" },
      { kind: "suspend" },
      { kind: "quit" },
    ]);
    const wheel = (up: boolean) => ({ kind: "wheel", on: "dialog", up }) as const;
    assert.equal(top(session.hear(wheel(false), wheel(false), wheel(true))), 1);
    session.state = { ...session.state, bindings: bindingsOf({ itemUp: [], itemDown: [] }) };
    assert.equal(top(session.hear(wheel(false), wheel(false), wheel(true))), 2, "whatever the keys are");
  });
});

suite("the settings", () => {
  test("are gone through, and changed by a key or a click", () => {
    const session = chatSession().press("f4");
    assert.deepEqual(session.topDialog, { kind: "settings", at: 0 });
    session.press("enter", "space");
    assert.equal(session.state.settings.theme, "none");
    session.press("down", "enter", "down", "enter");
    assert.deepEqual([session.state.settings.notify, session.state.settings.typing], ["all", false]);
    session.hear(click(4));
    assert.deepEqual([atIn(session), session.state.settings.previews], [4, false]);
    assert.deepEqual(session.did("saveSettings").at(-1), { kind: "saveSettings", settings: session.state.settings });
    assert.equal(session.did("saveSettings").length, 5);
    assert.equal(atIn(session.press("down")), 4);
    assert.equal(atIn(session.press("pageup")), 0);
    assert.equal(session.press("tab").did("saveSettings").length, 5);
  });

  test("ring for what the user chose", () => {
    const values = settingsRows.find(({ key }) => key === "notify")?.values.map(([value]) => value);
    assert.deepEqual(values, ["mentions", "all", "none"]);
    assert.deepEqual(
      settingsRows[0]?.values.map(([value]) => value),
      ["dark", "light", "none"],
    );
  });

  test("have their values in order, each with its words", () => {
    const { settings } = chatSession().state;
    const words = settingsRows.map((row) => {
      const seen: string[] = [];
      for (let of = settings; seen.length < row.values.length; of = turned(of, row)) seen.push(valueText(of, row));
      return [row.key, row.label, seen];
    });
    assert.deepEqual(words, [
      ["theme", "Colours", ["dark", "light", "none"]],
      ["notify", "Bell and notification", ["for mentions", "for every message", "never"]],
      ["typing", "Others see that you write", ["on", "off"]],
      ["receipts", "Others see what you have read", ["on", "off"]],
      ["previews", "Pictures in the conversation", ["on", "off"]],
    ]);
    for (const row of settingsRows) {
      const round = row.values.reduce((of) => turned(of, row), settings);
      assert.deepEqual(round, settings, "the first comes after the last");
    }
  });
});

suite("going to a group", () => {
  const birds = idOf.group(12);
  const rows = [
    groupRow(cats),
    groupRow(dogs, { title: "Dogs and cats" }),
    groupRow(birds, { title: "catbirds" }),
    groupRow(idOf.group(13), { title: undefined }),
  ];
  const opened = () => chatSession(rows).press("C-k");
  const found = (session: Session) =>
    session.topDialog?.kind === "switch" ? groupsLike(session.chat, session.topDialog).map(({ group }) => group) : [];

  test("finds titles that contain what was typed, first those that begin with it", () => {
    const session = opened();
    assert.deepEqual(found(session), [cats, dogs, birds, 13]);
    assert.deepEqual(found(session.type(" CAT")), [cats, birds, dogs]);
    assert.deepEqual(found(session.type("b")), [birds]);
    assert.deepEqual(found(session.type("x")), []);
    assert.deepEqual(found(opened().type("e")), [], "a group without a title is found by no words");
  });

  test("goes there by a key or a click, and a new word begins with the first again", () => {
    const session = opened().press("down", "down").type("c");
    assert.equal(atIn(session), 0);
    session.press("down", "enter");
    assert.deepEqual([session.chat.scene.active, session.topDialog], [birds, undefined]);
    const clicked = opened().hear(click(1));
    assert.deepEqual([clicked.chat.scene.active, clicked.topDialog], [dogs, undefined]);
    assert.equal(atIn(opened().press("down", "up", "up")), 0);
    assert.equal(atIn(opened().press("pagedown")), 3);
    const nowhere = opened().type("zz").press("enter");
    assert.deepEqual([nowhere.chat.scene.active, nowhere.topDialog?.kind], [cats, "switch"]);
  });
});

suite("files on their way", () => {
  const transfer = (id: string, stopped?: string) =>
    ({ kind: "transfer", transfer: { id, way: "up", group: cats, name: id, done: 1, of: 2, stopped } }) as const;
  const opened = () => chatSession().hear(transfer("one"), transfer("two", "no connection")).press("M-t");

  test("are cancelled, and resumed where they stopped", () => {
    const session = opened();
    session.done();
    session.press("enter");
    assert.deepEqual([session.done(), session.state.toast?.text], [[], "Delete cancels it."]);
    session.press("down", "enter", "delete");
    assert.deepEqual(session.done(), [
      { kind: "resumeTransfer", id: "two" },
      { kind: "cancelTransfer", id: "two" },
    ]);
    assert.equal(atIn(session.press("down")), 1);
    assert.deepEqual(opened().hear(click(1)).did("resumeTransfer"), [{ kind: "resumeTransfer", id: "two" }]);
  });

  test("may be none: then there is nothing to do", () => {
    const session = chatSession().press("M-t");
    session.done();
    session.press("enter", "delete", "down");
    assert.deepEqual([session.done(), session.topDialog], [[], { kind: "transfers", at: 0 }]);
  });
});

suite("the menu of a message", () => {
  const menuOf = (rows: Parameters<typeof newestPage>[1]) =>
    chatSession().hear(newestPage(cats, rows)).press("S-up", "enter");

  test("does with a file what it says", () => {
    const effectAt = (row: number) => {
      const session = menuOf([messageRow(1, { content })]);
      session.done();
      const effects = session.hear(click(row)).done();
      assert.notEqual(session.topDialog?.kind, "message", "it closes");
      return effects;
    };
    assert.deepEqual(effectAt(0), [{ kind: "saveFile", group: cats, key: 1, to: undefined, replace: false }]);
    assert.deepEqual(effectAt(1), [{ kind: "openFile", group: cats, key: 1 }]);
    assert.deepEqual(effectAt(2), [{ kind: "previewMessage", group: cats, key: 1, columns: 40 }]);
    assert.deepEqual(effectAt(3), [{ kind: "readSafetyNumber", user: bob }]);
    assert.deepEqual(effectAt(4), []);
  });

  test("offers to show a picture, and no other file", () => {
    const text = menuOf([messageRow(1, { content: { ...content, mediaType: "text/image/" } })]);
    text.done();
    assert.deepEqual(text.hear(click(2)).done(), [{ kind: "readSafetyNumber", user: bob }]);
  });

  test("sends a failed message again, or discards it", () => {
    const failed = messageRow(1, { sender: alice, state: "failed" });
    assert.deepEqual(menuOf([failed]).hear(click(0)).did("retry"), [{ kind: "retry", group: cats, key: 1 }]);
    assert.deepEqual(menuOf([failed]).hear(click(1)).did("discard"), [{ kind: "discard", group: cats, key: 1 }]);
    const session = menuOf([failed]);
    assert.equal(atIn(session.press("down", "up", "pagedown")), 3);
    session.press("enter");
    assert.deepEqual([session.topDialog, session.did("retry"), session.did("discard")], [undefined, [], []]);
    const waiting = messageRow(1, { sender: alice, state: "written" });
    assert.deepEqual(menuOf([waiting]).hear(click(0)).did("discard"), [{ kind: "discard", group: cats, key: 1 }]);
  });

  test("is about the message that was selected, and says what can be done with it", () => {
    const failed = messageRow(2, { state: "failed", content });
    const session = chatSession()
      .hear(newestPage(cats, [messageRow(1), failed]))
      .press("S-up", "enter");
    const items = session.topDialog?.kind === "message" ? menuItems(session.chat, session.topDialog) : [];
    assert.deepEqual(
      items.map(({ name, text }) => `${name}: ${text}`),
      [
        "retry: Send again",
        "discard: Discard",
        "save: Save the file",
        "open: Open with the system's viewer",
        "preview: Show it here",
        "trust: Safety number of its sender",
        "close: Nothing",
      ],
    );
    assert.deepEqual(session.press("enter").did("retry"), [{ kind: "retry", group: cats, key: 2 }]);
    assert.equal(menuOf([messageRow(1)]).press("enter").topDialog?.kind, "trust");
  });

  test("of a message that has gone meanwhile is empty, and closes", () => {
    const session = menuOf(messageRows(1, 2)).hear({ kind: "discarded", group: cats, key: idOf.row(2) });
    session.done();
    assert.ok(session.topDialog?.kind === "message");
    assert.deepEqual(menuItems(session.chat, session.topDialog), []);
    assert.deepEqual([session.press("enter").topDialog, session.done()], [undefined, []]);
  });

  test("that has become shorter meanwhile closes where the chosen item has gone", () => {
    const message = messageRow(1, { sender: alice, state: "failed" });
    const session = menuOf([message]).press("pagedown");
    session.hear({ kind: "message", group: cats, message: { ...message, state: "sent" } });
    session.done();
    assert.deepEqual([session.press("enter").topDialog, session.done()], [undefined, []]);
  });
});

suite("the members", () => {
  const opened = () => chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }).press("C-t");
  const asked = (session: Session) => {
    const dialog = session.topDialog;
    assert.ok(dialog?.kind === "confirm");
    return [dialog.title, dialog.text, dialog.yes, dialog.no, dialog.effects];
  };

  test("are asked about before their roles change, or they are removed, in words that say what that means", () => {
    const amend = (of: object) => [{ kind: "amendGroup", group: cats, ...of }];
    assert.deepEqual(asked(opened().press("space")), [
      "Demote alice?",
      "alice will no longer be able to change the group.",
      "Demote",
      "Leave it",
      amend({ demote: ["alice"] }),
    ]);
    assert.deepEqual(asked(opened().press("down", "space")), [
      "Promote bob?",
      "bob will be able to add and remove members, you too.",
      "Promote",
      "Leave it",
      amend({ promote: ["bob"] }),
    ]);
    assert.deepEqual(asked(opened().press("down", "delete")), [
      "Remove bob?",
      "bob keeps what they have read, and reads nothing that is written from then on.",
      "Remove",
      "Keep",
      amend({ remove: ["bob"] }),
    ]);
  });

  test("are gone through, and a click shows the safety number", () => {
    assert.equal(atIn(opened().press("down", "down")), 1);
    const session = opened().hear(click(1));
    assert.deepEqual(session.topDialog, { kind: "trust", user: bob, number: undefined, show: "digits" });
    assert.equal(opened().hear({ kind: "click", on: "groups", row: 1, column: 1 }).topDialog, undefined);
  });

  test("that are not known yet cannot be chosen", () => {
    const session = chatSession().press("C-t", "enter", "space", "delete", "down").hear(click(3));
    assert.deepEqual(session.topDialog, { kind: "members", group: cats, at: 0 });
  });
});

suite("a safety number", () => {
  const number = { user: bob, name: "bob", trusted: "pinned", digits: ["12345"], qr: ["█"] } as const;
  const about = (of: Partial<{ trusted: "pinned" | "verified" | "changed" }> = {}) =>
    chatSession().hear(
      { kind: "identityChanged", user: bob, name: "bob" },
      { kind: "safetyNumber", number: { ...number, ...of } },
    );

  test("is shown as digits or as a QR code", () => {
    const session = about();
    const shown = () => session.topDialog?.kind === "trust" && session.topDialog.show;
    assert.deepEqual(
      [shown(), session.press("tab") && shown(), session.press("tab") && shown()],
      ["digits", "qr", "digits"],
    );
  });

  test("is verified by one key alone, and not twice, nor one's own", () => {
    assert.deepEqual(about().press("space", "down", "tab").did("verify"), []);
    assert.deepEqual(about().press("enter").did("verify"), [{ kind: "verify", user: bob }]);
    assert.deepEqual(about({ trusted: "verified" }).press("enter").did("verify"), []);
    const own = chatSession().type("/trust alice").press("enter");
    own.hear({ kind: "safetyNumber", number: { ...number, user: alice, name: "alice" } }).press("enter");
    assert.deepEqual(own.did("verify"), []);
  });

  test("of a changed identity is accepted after a question that says what to ask for", () => {
    const dialog = about({ trusted: "changed" }).press("enter").topDialog;
    assert.ok(dialog?.kind === "confirm");
    assert.deepEqual(
      [dialog.title, dialog.yes, dialog.no],
      ["Accept the new identity of bob?", "Accept", "Do not accept"],
    );
    assert.match(
      dialog.text,
      /^Only if bob says, face to face or on the telephone, that they have new keys\. .*read what you write/,
    );
  });

  test("that has changed is said to the user at once", () => {
    const { toast } = about().state;
    assert.deepEqual(
      [toast?.kind, toast?.text],
      ["problem", "bob's identity has changed. Nothing is sent to bob until you accept it."],
    );
  });
});

suite("the search", () => {
  const hits = [7, 8].map((key) => ({ group: dogs, message: messageRow(key) }));
  const searching = () =>
    chatSession().press("M-f").type("fish").hear({ kind: "hits", group: undefined, words: "fish", hits });

  test("asks anew with each letter, and not when only the cursor moves", () => {
    const session = searching();
    assert.deepEqual(
      session.did("search").map(({ words }) => words),
      ["f", "fi", "fis", "fish"],
    );
    session.press("left");
    assert.equal(session.did("search").length, 4);
    session.press("backspace");
    assert.deepEqual(session.did("search").at(-1), { kind: "search", group: undefined, words: "fih" });
  });

  test("goes to the chosen message, and selects it", () => {
    for (const session of [searching().press("down", "enter"), searching().hear(click(1))]) {
      assert.deepEqual([session.chat.scene.active, session.chat.scene.focus], [dogs, "messages"]);
      assert.deepEqual([session.conversation(dogs).selected, session.topDialog], [8, undefined]);
    }
    assert.equal(atIn(searching().press("down", "down")), 1);
    assert.equal(atIn(searching().press("down", "up")), 0);
  });

  test("without a hit goes nowhere, and begins with no words", () => {
    const session = chatSession().press("C-f");
    assert.deepEqual(session.did("search"), []);
    const { topDialog } = session.press("enter", "f9");
    assert.ok(topDialog?.kind === "search");
    assert.deepEqual([topDialog.group, topDialog.words.text, topDialog.hits], [cats, "", []]);
  });
});
