import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { present } from "../../core/testing/present.ts";
import {
  alice,
  bob,
  cats,
  chatSession,
  dogs,
  flatViewport,
  groupRow,
  idOf,
  messageRow,
  messageRows,
  newestPage,
  Session,
} from "../testing/session.ts";
import { clickedMessage, leaveMessages, pressedInMessages, scroll, scrollToEnd, selectLast } from "./reading.ts";

const reading = (through = 50) => chatSession().hear(newestPage(cats, messageRows(1, through)));
const anchorOf = (session: Session) => session.conversation().anchor?.key;
const selectedIn = (session: Session) => session.conversation().selected;
const click = (key: number) => ({ kind: "click", on: "conversation", row: key, column: 3 }) as const;
/** A window that ends before the conversation does, with the view at its end. */
const atWindowEnd = () => {
  const session = chatSession();
  session.hear({
    kind: "page",
    group: cats,
    where: "around",
    around: idOf.row(50),
    messages: messageRows(1, 50),
    moreOlder: false,
    moreNewer: true,
  });
  session.done();
  return session;
};

suite("scrolling", () => {
  test("by a page keeps a line of it in view, and goes back to the end", () => {
    const session = reading();
    assert.equal(anchorOf(session.press("pageup")), 41);
    assert.equal(anchorOf(session.press("pageup")), 32);
    assert.equal(anchorOf(session.press("pagedown")), 41);
    assert.equal(anchorOf(session.press("pagedown")), undefined);
  });

  test("by the mouse's wheel goes three lines", () => {
    const wheel = (up: boolean) => ({ kind: "wheel", on: "conversation", up }) as const;
    const session = reading().hear(wheel(true), wheel(true));
    assert.equal(anchorOf(session), 44);
    assert.equal(anchorOf(session.hear(wheel(false))), 47);
  });

  test("to the end shows the newest message and marks it as read", () => {
    const session = reading().press("S-up", "pageup");
    session.hear({ kind: "message", group: cats, message: messageRow(51) });
    session.done();
    session.press("M-end");
    assert.deepEqual([anchorOf(session), selectedIn(session)], [undefined, undefined]);
    assert.deepEqual(session.did("markRead"), [{ kind: "markRead", group: cats, seq: 51 }]);
    assert.deepEqual(session.did("load"), []);
  });

  test("down from the end of a window that ends early loads what comes then, and stays there until it is there", () => {
    const session = atWindowEnd().press("pagedown");
    assert.deepEqual(session.done(), [{ kind: "load", group: cats, where: "newer", from: 50 }]);
    assert.deepEqual(session.conversation().anchor, { key: 50, linesBelow: 0 });
    session.press("M-end");
    assert.deepEqual(session.done(), [{ kind: "load", group: cats, where: "newest" }]);
  });

  test("up in a window that ends early loads nothing that comes then", () => {
    const session = atWindowEnd().press("pageup", "pagedown");
    assert.deepEqual([anchorOf(session), session.did("load").length], [50, 1]);
    assert.equal(anchorOf(atWindowEnd().press("pageup")), 41);
    assert.deepEqual(atWindowEnd().press("pageup").done(), []);
  });

  test("does nothing while no group is open", () => {
    const { chat } = chatSession([]);
    const viewport = flatViewport(10);
    for (const { state, effects } of [
      scroll(chat, viewport, 3),
      scrollToEnd(chat),
      selectLast(chat, viewport),
      clickedMessage(chat, 1, viewport),
      leaveMessages(chat),
      present(pressedInMessages(chat, "messageUp", viewport)),
    ])
      assert.deepEqual([state, effects], [chat, []]);
  });

  test("of an empty conversation loads nothing", () => {
    const session = chatSession().hear(newestPage(cats, []));
    session.done();
    session.press("S-up");
    assert.deepEqual([session.done(), session.chat.scene.focus], [[], "input"]);
    const gone = chatSession().hear(
      { kind: "page", group: cats, where: "around", messages: [messageRow(1)], moreOlder: false, moreNewer: true },
      { kind: "discarded", group: cats, key: idOf.row(1) },
    );
    gone.done();
    assert.deepEqual([gone.press("pagedown").done(), anchorOf(gone)], [[], undefined]);
  });
});

suite("selecting a message", () => {
  test("begins with the last one in view, and goes on from there", () => {
    const session = reading().press("S-up");
    assert.deepEqual([session.chat.scene.focus, selectedIn(session), anchorOf(session)], ["messages", 50, undefined]);
    assert.equal(selectedIn(session.press("up")), 49);
    assert.equal(selectedIn(session.press("down")), 50);
    assert.equal(selectedIn(session.press("down")), 50, "there is none below");
    assert.equal(selectedIn(reading().press("pageup", "S-up")), 41);
    assert.equal(selectedIn(reading(1).press("S-up", "up")), 1, "nor above");
  });

  test("scrolls no more than needed", () => {
    const session = reading().press("S-up", ...Array.from("kkkkkkk"));
    assert.deepEqual([selectedIn(session), anchorOf(session)], [43, undefined], "it is in view");
    assert.deepEqual([selectedIn(session.press("k")), anchorOf(session)], [42, 47], "the top has been reached");
    session.press(...Array.from("jjjj"));
    assert.deepEqual([selectedIn(session), anchorOf(session)], [46, 47]);
    assert.deepEqual([selectedIn(session.press("j", "j")), anchorOf(session)], [48, 48]);
    assert.deepEqual([selectedIn(session.press("j", "j")), anchorOf(session)], [50, undefined]);
  });

  test("that is the last of a window that ends early does not follow the newest message", () => {
    const session = atWindowEnd().press("S-up");
    assert.deepEqual(session.conversation().anchor, { key: 50, linesBelow: 0 });
  });

  test("ends with the message box, also by typing a text or clicking there", () => {
    for (const leave of [
      (session: Session) => session.press("escape"),
      (session: Session) => session.type("x"),
      (session: Session) => session.hear({ kind: "click", on: "input", row: 0, column: 0 }),
    ]) {
      const session = leave(reading().press("S-up"));
      assert.deepEqual([session.chat.scene.focus, selectedIn(session)], ["input", undefined]);
    }
    assert.equal(reading().press("S-up").type("x").draft, "x");
    assert.equal(
      reading().press("S-up").hear({ kind: "key", name: "f9", text: undefined }).chat.scene.focus,
      "messages",
    );
    assert.equal(reading().press("S-up").hear({ kind: "key", name: "f9", text: " " }).draft, "");
  });

  test("by a click, and a second click opens its menu", () => {
    const session = reading().hear(click(48));
    assert.deepEqual([selectedIn(session), session.chat.scene.focus, session.topDialog], [48, "messages", undefined]);
    session.hear(click(48));
    assert.deepEqual(session.topDialog, { kind: "message", group: cats, key: 48, at: 0 });
    assert.equal(selectedIn(reading().hear(click(-1))), undefined);
    assert.equal(selectedIn(reading().hear({ ...click(48), on: "status" })), undefined);
  });

  test("that has gone in the meantime leaves nothing to choose", () => {
    const session = reading()
      .press("S-up")
      .hear({ kind: "discarded", group: cats, key: idOf.row(50) });
    session.done();
    assert.deepEqual([session.press("enter", "r").topDialog, session.done()], [undefined, []]);
    for (const key of ["up", "down"]) {
      const on = reading()
        .press("S-up")
        .hear({ kind: "discarded", group: cats, key: idOf.row(50) });
      assert.equal(selectedIn(on.press(key)), 49, "it begins anew with the last one in view");
    }
  });

  test("marks it as read when it is the newest, and asks for the pictures that come into view", () => {
    const content = { kind: "file", name: "cat.png", mediaType: "image/png", size: 9 } as const;
    const bytes = (length: number) => new Uint8Array(length);
    const picture = { ...content, attachment: bytes(16), key: bytes(32), hash: bytes(32) };
    const scrolledUp = () =>
      chatSession()
        .hear(newestPage(cats, [messageRow(1, { content: picture }), ...messageRows(2, 60)]))
        .press("pageup")
        .hear({ kind: "message", group: cats, message: messageRow(61) })
        .press("S-up");
    const down = scrolledUp();
    down.done();
    down.press(...Array.from("jjjjjjjjj"));
    assert.deepEqual([selectedIn(down), down.done()], [60, []]);
    assert.deepEqual(down.press("j").done(), [{ kind: "markRead", group: cats, seq: 61 }]);
    const up = scrolledUp().press(...Array.from("kkkkkkk"));
    assert.deepEqual(up.did("previewMessage"), []);
    assert.deepEqual([up.press("k").did("previewMessage")[0]?.key, anchorOf(up)], [1, 48]);
  });

  test("scrolls nothing where the whole conversation is in view", () => {
    const { chat } = reading(3);
    const whole = { ...flatViewport(10), scrolled: () => undefined };
    const session = new Session(chat, whole).press("S-up", "up", "up");
    assert.deepEqual([selectedIn(session), anchorOf(session)], [1, undefined]);
  });

  test("with a file saves and opens it, and one without does neither", () => {
    const bytes = (length: number) => new Uint8Array(length);
    const file = { kind: "file", name: "cat.txt", mediaType: "text/plain", size: 9 } as const;
    const content = { ...file, attachment: bytes(16), key: bytes(32), hash: bytes(32) };
    const session = chatSession().hear(newestPage(cats, [messageRow(1), messageRow(2, { content })]));
    session.press("S-up").done();
    session.press("s", "o", "up", "s", "o");
    assert.deepEqual(session.done(), [
      { kind: "saveFile", group: cats, key: 2, to: undefined, replace: false },
      { kind: "openFile", group: cats, key: 2 },
    ]);
  });
});

suite("what is before the window", () => {
  const older = (session: Session) => session.conversation().older;

  test("is loaded as soon as its beginning is in view, once", () => {
    const session = chatSession().hear(newestPage(cats, messageRows(30, 35), true));
    assert.deepEqual(session.did("load").at(-1), { kind: "load", group: cats, where: "older", from: 30 });
    assert.equal(older(session), "loading");
    session.press("pageup", "pageup");
    assert.equal(session.did("load").length, 2, "the newest page, and that before it");
    const empty = chatSession().hear(newestPage(cats, [], true));
    assert.deepEqual(empty.did("load").at(-1), { kind: "load", group: cats, where: "older", from: undefined });
  });

  test("comes from the server where the vault has no more, and is loaded from the vault then", () => {
    const session = reading(5);
    assert.deepEqual(session.did("fetchOlder"), [{ kind: "fetchOlder", group: cats }]);
    session.hear({ kind: "fetched", group: cats, count: 3, more: true });
    assert.deepEqual(session.did("load").at(-1), { kind: "load", group: cats, where: "older", from: 1 });
    session.hear({ kind: "fetched", group: cats, count: 0, more: true });
    assert.equal(older(session), "server");
    session.hear({ kind: "fetched", group: cats, count: 0, more: false });
    assert.equal(older(session), "none");
    assert.equal(session.press("pageup").did("fetchOlder").length, 1);
  });

  test("is not loaded for a conversation that is not shown, nor while its beginning is out of view", () => {
    const session = reading();
    session.done();
    session.hear(newestPage(dogs, messageRows(1, 3), true)).press("pageup");
    assert.deepEqual(session.done(), []);
  });

  test("can be asked for again after a failure, which is shown", () => {
    const session = reading(5);
    session.hear({ kind: "fetched", group: cats, count: 0, more: true, problem: "There is no connection." });
    assert.deepEqual(
      [older(session), session.state.toast?.kind, session.state.toast?.text],
      ["server", "problem", "There is no connection."],
    );
  });
});

suite("pictures", () => {
  const picture = (key: number, of: { mediaType?: string; size?: number } = {}) => {
    const bytes = (length: number) => new Uint8Array(length);
    const file = { kind: "file", name: "cat", mediaType: "image/png", size: 5, ...of } as const;
    return messageRow(key, { content: { ...file, attachment: bytes(16), key: bytes(32), hash: bytes(32) } });
  };
  const asked = (session: Session) => session.did("previewMessage").map(({ key }) => key);

  test("of the kinds that can be drawn are shown, up to 5 MiB", () => {
    const of = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "ximage/png", "image/pngx"];
    const rows = of.map((mediaType, at) => picture(at + 1, { mediaType }));
    const large = [picture(20, { size: 5 * 1024 * 1024 }), picture(21, { size: 5 * 1024 * 1024 + 1 })];
    const session = chatSession().hear(newestPage(cats, [...rows, ...large, messageRow(30, { content: undefined })]));
    assert.deepEqual(asked(session), [1, 2, 3, 4, 20]);
    assert.deepEqual(session.did("previewMessage")[0], { kind: "previewMessage", group: cats, key: 1, columns: 40 });
    assert.deepEqual(session.chat.scene.previews.get(idOf.row(1)), { kind: "loading" });
  });

  test("are asked for up to fifty messages above the bottom of the view", () => {
    const session = chatSession().hear(newestPage(cats, [picture(1), picture(2), ...messageRows(3, 51), picture(60)]));
    assert.deepEqual(asked(session), [60]);
    session.press("pageup");
    assert.deepEqual(asked(session), [60, 1, 2]);
    const above = chatSession().hear(newestPage(cats, [...messageRows(1, 41), ...messageRows(42, 100)]));
    above.press("pageup").hear({ kind: "message", group: cats, message: picture(91) });
    assert.deepEqual(asked(above), [91], "at the bottom of the view");
  });
});

suite("the list of groups", () => {
  const session = () => chatSession([groupRow(cats), groupRow(dogs), groupRow(idOf.group(12), { title: "birds" })]);
  const focused = () =>
    session()
      .hear(newestPage(cats, messageRows(1, 3)))
      .press("f6", "f6");
  const active = (of: Session) => of.chat.scene.active;

  test("comes after the messages in the round of what has the focus", () => {
    const of = session().hear(newestPage(cats, messageRows(1, 3)));
    const focus = () => of.press("f6").chat.scene.focus;
    assert.deepEqual([focus(), selectedIn(of)], ["messages", 3]);
    assert.deepEqual([focus(), selectedIn(of)], ["groups", undefined]);
    assert.equal(focus(), "input");
  });

  test("keeps the focus while the keys go through it, to its ends", () => {
    const of = focused();
    assert.deepEqual([active(of.press("down")), of.chat.scene.focus], [dogs, "groups"]);
    assert.equal(active(of.press("down", "down", "down")), 12);
    assert.equal(active(of.press("up")), dogs);
    assert.equal(active(of.press("up", "up")), cats);
    assert.equal(of.press("enter").chat.scene.focus, "input");
  });

  test("a letter that means nothing there is written", () => {
    const of = focused().type("x");
    assert.deepEqual([of.draft, of.chat.scene.focus], ["x", "input"]);
  });

  test("shows what is clicked, and goes by the wheel", () => {
    const of = session();
    const clicked = (row: number) => active(of.hear({ kind: "click", on: "groups", row, column: 1 }));
    assert.deepEqual([clicked(2), clicked(0), clicked(99), clicked(-1)], [12, cats, 12, cats]);
    const wheeled = (up: boolean) => active(of.hear({ kind: "wheel", on: "groups", up }));
    assert.deepEqual([wheeled(true), wheeled(false), wheeled(true)], [cats, dogs, cats]);
  });

  test("that is empty has nothing to go to", () => {
    const of = chatSession([]).hear({ kind: "click", on: "groups", row: 0, column: 1 }).press("M-down", "C-n", "f6");
    assert.deepEqual([active(of), of.done()], [undefined, []]);
  });
});

test("a message of somebody else that failed to be read can neither be sent again nor discarded", () => {
  const unreadable = messageRow(1, { state: "unreadable", content: undefined, sender: bob });
  const own = messageRow(2, { state: "sent", sender: alice });
  const session = chatSession()
    .hear(newestPage(cats, [unreadable, own]))
    .press("S-up", "r", "up", "r");
  assert.deepEqual(session.did("retry"), []);
});
