import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { cats, catsFacts, chatSession, dogs, groupRow, messageRows, newestPage } from "../testing/session.ts";

suite("the message box", () => {
  test("sends, and goes back to what was sent", () => {
    const session = chatSession().type("hello").press("enter").type("again").press("enter").type("draft");
    assert.deepEqual(
      session.did("send").map(({ text }) => text),
      ["hello", "again"],
    );
    assert.equal(session.press("up", "up").draft, "hello");
    assert.equal(session.press("down", "down").draft, "draft");
  });

  test("a paste of several lines is one message, and a pasted path asks whether to send the file", () => {
    const session = chatSession().hear({ kind: "paste", text: "one\r\ntwo" }).press("enter");
    assert.deepEqual(
      session.did("send").map(({ text }) => text),
      ["one\ntwo"],
    );
    session.hear({ kind: "paste", text: "/tmp/cat picture.png\n" });
    assert.equal(session.topDialog?.kind, "confirm");
    session.press("tab", "enter");
    assert.equal(session.did("sendFile")[0]?.file, "/tmp/cat picture.png");
    session.hear({ kind: "paste", text: "/etc/motd.txt" }).press("escape");
    assert.equal(session.draft, "/etc/motd.txt");
    assert.equal(session.did("sendFile").length, 1);
  });

  test("Tab completes members, commands and groups, one after the other", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts: catsFacts });
    assert.equal(session.type("hi bo").press("tab").draft, "hi @bob ");
    assert.equal(session.press("C-u").type("/jo").press("tab").type("d").press("tab").draft, "/join dogs");
    assert.equal(session.press("enter").chat.scene.active, dogs);
    assert.equal(session.type("@").press("tab").draft, "@");
  });

  test("an unknown command is a problem and is not sent, and two slashes begin a text", () => {
    const session = chatSession().type("/constructor").press("enter");
    assert.equal(session.state.toast?.kind, "problem");
    assert.deepEqual(session.did("send"), []);
    assert.equal(session.type("//etc").press("enter").did("send")[0]?.text, "/etc");
  });

  test("commands change the group by name, and ask before what cannot be undone", () => {
    const session = chatSession().type("/add bob, @carol, bob").press("enter");
    assert.deepEqual(session.did("amendGroup")[0]?.add, ["bob", "carol"]);
    session.type("/leave").press("enter", "enter");
    assert.deepEqual(session.did("leaveGroup"), []);
    session.type("/leave").press("enter", "tab", "enter");
    assert.equal(session.did("leaveGroup")[0]?.group, cats);
  });

  test("others see typing unless the user has switched that off, and never of commands", () => {
    const session = chatSession().type("/he");
    assert.deepEqual(session.did("typing"), []);
    session.press("C-u").type("h");
    assert.equal(session.did("typing").length, 1);
    session.press("C-u").type("/typing off").press("enter").type("h");
    assert.equal(session.did("typing").length, 1);
    assert.equal(session.did("saveSettings")[0]?.settings.typing, false);
  });

  test("a user who has left a group cannot write there", () => {
    const session = chatSession([groupRow(cats, { left: true })])
      .type("hello")
      .press("enter");
    assert.deepEqual(session.did("send"), []);
    assert.match(session.state.toast?.text ?? "", /no member/);
  });

  test("emoji, joined families and CJK are one character each to the cursor", () => {
    const session = chatSession().hear({ kind: "paste", text: "a👨‍👩‍👧‍👦漢é" }).press("left", "left", "backspace");
    assert.equal(session.draft, "a漢é");
  });

  test("a text that is too long for one message is not sent, and stays to be shortened", () => {
    const long = "x".repeat(20_000);
    const session = chatSession().hear({ kind: "paste", text: long }).press("enter");
    assert.deepEqual(session.did("send"), []);
    assert.equal(session.draft, long);
    assert.match(session.state.toast?.text ?? "", /at most/);
  });

  test("what was sent is no draft any more, in the vault either", () => {
    const session = chatSession().type("hello").press("enter");
    assert.deepEqual(session.did("saveDraft"), [{ kind: "saveDraft", group: cats, text: "" }]);
    assert.equal(session.draft, "");
  });

  test("an editor that fails leaves the draft as it was, and what one has written replaces it", () => {
    const session = chatSession().type("a draft").hear({ kind: "edited", text: undefined });
    assert.equal(session.draft, "a draft");
    assert.match(session.state.toast?.text ?? "", /editor/);
    assert.equal(session.hear({ kind: "edited", text: "another\n" }).draft, "another");
  });

  test("a paste while a dialog is open goes into the dialog, and not into the text behind it", () => {
    const session = chatSession().type("to cats ").press("M-f").hear({ kind: "paste", text: "fish" });
    assert.equal(session.did("search").at(-1)?.words, "fish");
    assert.equal(session.press("escape").draft, "to cats ");
  });
});

suite("the keys of the message box", () => {
  const sent = (session: ReturnType<typeof chatSession>) => session.did("send").map(({ text }) => text);

  test("write several lines, and move in them before they go to what was sent", () => {
    const session = chatSession()
      .type("sent")
      .press("enter")
      .type("one")
      .press("M-enter")
      .type("two")
      .press("C-j")
      .type("3");
    assert.equal(session.draft, "one\ntwo\n3");
    session.press("up", "up", "home").type("x");
    assert.equal(session.draft, "xone\ntwo\n3");
    session.press("down").type("y");
    assert.equal(session.draft, "xone\ntywo\n3");
    session.press("down", "down");
    assert.equal(session.draft, "xone\ntywo\n3", "there is nothing after it");
    assert.equal(session.press("up", "up", "up").draft, "sent");
  });

  test("open the user's editor with the draft", () => {
    const session = chatSession().type("draft").press("M-e");
    assert.deepEqual(session.did("edit"), [{ kind: "edit", text: "draft" }]);
    assert.equal(session.hear({ kind: "edited", text: "a\nb\n" }).draft, "a\nb");
    session.hear({ kind: "edited", text: undefined });
    assert.deepEqual([session.draft, session.state.toast?.kind], ["a\nb", "problem"]);
    assert.equal(session.state.toast?.text, "The editor failed; set $EDITOR to one that runs in a terminal.");
  });

  test("send nothing of an empty text, nor the spaces and lines at its end", () => {
    assert.deepEqual(sent(chatSession().type("  ").press("enter")), []);
    assert.equal(chatSession().type("  ").press("enter").draft, "  ");
    assert.deepEqual(sent(chatSession().type("  code ").press("M-enter", "enter")), ["  code"]);
    assert.deepEqual(sent(chatSession().type(" //etc ").press("enter")), ["/etc"]);
  });

  test("leave the view at the newest message when something is sent", () => {
    const session = chatSession()
      .hear(newestPage(cats, messageRows(1, 50)))
      .press("pageup")
      .type("x")
      .press("enter");
    assert.equal(session.conversation().anchor, undefined);
  });

  test("go through what was sent, each line once, the last two hundred", () => {
    const session = chatSession();
    for (const text of ["a", "b", "a"]) session.type(text).press("enter");
    assert.deepEqual(session.chat.scene.sentLines, ["b", "a"]);
    const recalled = ["up", "up", "up", "down", "down", "down"].map((key) => session.press(key).draft);
    assert.deepEqual(recalled, ["a", "b", "b", "a", "", ""]);
    for (let at = 0; at < 201; at++) session.type(String(at)).press("enter");
    const { sentLines } = session.chat.scene;
    assert.deepEqual([sentLines.length, sentLines[0], sentLines.at(-1)], [200, "1", "200"]);
  });

  test("send what was recalled, and then begin anew", () => {
    const session = chatSession().type("a").press("enter", "up", "enter");
    assert.deepEqual([sent(session), session.draft], [["a", "a"], ""]);
    assert.equal(session.press("down").draft, "");
  });

  test("mean nothing where no key is bound and nothing is typed", () => {
    const session = chatSession();
    session.done();
    const { state } = session;
    assert.deepEqual([session.press("f9").state, session.done()], [state, []]);
  });

  test("complete one name after the other, and begin anew after a letter", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }).type("@");
    const drafts = ["tab", "tab", "tab"].map((key) => session.press(key).draft);
    assert.deepEqual(drafts, ["@alice ", "@bob ", "@alice "]);
    assert.deepEqual(session.chat.scene.completion, { from: 1, options: ["alice ", "bob "], at: 0 });
    session.type("b");
    assert.equal(session.chat.scene.completion, undefined);
    assert.equal(session.press("tab").draft, "@alice @bob ");
    const none = chatSession().type("zz");
    const { state } = none;
    assert.equal(none.press("tab").state, state);
  });

  test("say that no group is open, and keep nothing", () => {
    for (const session of [
      chatSession([]).type("x"),
      chatSession([]).hear({ kind: "paste", text: "/tmp/cat.png" }),
      chatSession([]).hear({ kind: "edited", text: "x" }),
    ]) {
      assert.deepEqual([session.draft, session.topDialog, session.done()], ["", undefined, []]);
      assert.equal(session.state.toast?.text, "No group is open: found one, or go to one.");
    }
    const session = chatSession([]).press("up", "down", "tab", "enter");
    assert.deepEqual([session.done(), session.state.toast], [[], undefined]);
  });

  test("tell others nothing of a text that was pasted by somebody who has switched that off", () => {
    const session = chatSession().hear({ kind: "paste", text: "hello" });
    assert.deepEqual(session.did("typing"), [{ kind: "typing", group: cats }]);
    session.press("backspace", "left");
    assert.equal(session.did("typing").length, 1, "editing is not writing");
  });
});

suite("a paste", () => {
  const asked = (text: string) => {
    const { topDialog } = chatSession().hear({ kind: "paste", text });
    return topDialog?.kind === "confirm" ? topDialog.text : undefined;
  };

  test("that can only be a path asks whether to send the file", () => {
    for (const [text, path] of [
      ["/tmp/cat.png", "/tmp/cat.png"],
      ["'/tmp/my cat.png'", "/tmp/my cat.png"],
      ["/tmp/my\\ cat.png", "/tmp/my cat.png"],
      ["~/cat.png", "~/cat.png"],
      ["./cat.png", "./cat.png"],
      ["../cat.jpeg", "../cat.jpeg"],
      [" /tmp/cat.png\n", "/tmp/cat.png"],
      ["file:///tmp/my%20cat", "/tmp/my cat"],
      [`/${"x".repeat(4091)}.png`, `/${"x".repeat(4091)}.png`],
    ] as const)
      assert.equal(asked(text), path, text.slice(0, 40));
  });

  test("that may be a text is one", () => {
    for (const text of [
      "see /tmp/cat.png",
      "/tmp/cat",
      "/tmp/cat.picture",
      "/tmp/cat.png is it",
      "/tmp/cat.png\n/tmp/dog.png",
      "x'/tmp/cat.png'",
      "'/tmp/cat.png' is it",
      "see file:///tmp/cat",
      "file://%",
      "file:///%ff",
      `/${"x".repeat(4092)}.png`,
    ])
      assert.equal(asked(text), undefined, text.slice(0, 40));
  });

  test("of a path is sent without what tells where it was taken, or stays a text", () => {
    const dialog = chatSession().hear({ kind: "paste", text: "/tmp/cat.png" }).topDialog;
    assert.ok(dialog?.kind === "confirm");
    assert.deepEqual([dialog.title, dialog.yes, dialog.no], ["Send this file?", "Send", "Paste it as text"]);
    assert.deepEqual(dialog.effects, [{ kind: "sendFile", group: cats, file: "/tmp/cat.png", keepMetadata: false }]);
    const session = chatSession().type("in: ").hear({ kind: "paste", text: "/tmp/cat.png" }).press("enter");
    assert.equal(session.draft, "in: /tmp/cat.png");
  });

  test("has its line breaks made alike", () => {
    assert.equal(chatSession().hear({ kind: "paste", text: "a\r\nb\rc\nd" }).draft, "a\nb\nc\nd");
  });
});

suite("a question", () => {
  const asking = () => chatSession().type("/leave").press("enter");
  const answered = (...keys: string[]) =>
    asking()
      .press(...keys)
      .did("leaveGroup").length;

  test("is answered by keys, and begins with no", () => {
    assert.equal(answered("enter"), 0);
    for (const key of ["tab", "S-tab", "left", "right"]) {
      assert.equal(answered(key, "enter"), 1, key);
      assert.equal(answered(key, key, "enter"), 0, key);
    }
    for (const key of ["up", "x"]) assert.equal(answered(key, "enter"), 0, key);
    const turned = asking().press("tab", "tab").topDialog;
    assert.ok(turned?.kind === "confirm");
    assert.equal(turned.at, "no");
    assert.equal(asking().press("x").topDialog?.kind, "confirm");
    assert.equal(asking().press("tab", "escape").did("leaveGroup").length, 0);
    assert.equal(asking().press("escape").topDialog, undefined);
  });
});
