import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { cats, catsFacts, chatSession, dogs, groupRow } from "../testing/session.ts";

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
