import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { alice, bob, cats, catsFacts, chatSession, idOf, messageRow, newestPage } from "../../testing/session.ts";

suite("dialogs", () => {
  test("the form founds a group with names separated by commas, and stays when that fails", () => {
    const session = chatSession().press("C-g").type("birds").press("tab").type("bob,carol");
    session.press("tab", "space", "tab", "space", "tab", "enter");
    assert.deepEqual(session.did("createGroup"), [
      { kind: "createGroup", title: "birds", members: ["bob", "carol"], history: true, expireSeconds: 86_400 },
    ]);
    session.hear({ kind: "failed", of: "group", text: "There is no user carol." });
    const form = session.topDialog;
    assert.ok(form?.kind === "group");
    assert.equal(form.problem, "There is no user carol.");
    const birds = idOf.group(12);
    session.press("enter").hear({ kind: "groupDone", group: birds });
    assert.deepEqual([session.topDialog, session.chat.scene.active], [undefined, birds]);
  });

  test("Tab completes the name that was begun in the form, and then goes on to the next field", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }).press("M-g", "tab");
    session.type("nobody, b").press("tab", "tab", "enter");
    assert.deepEqual(session.did("amendGroup")[0]?.remove, ["nobody", "bob"]);
  });

  test("amending a group changes only what was edited", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }).press("M-g");
    session.type("carol").press("tab").type("bob").press("tab", "enter");
    assert.deepEqual(session.did("amendGroup"), [{ kind: "amendGroup", group: cats, add: ["carol"], remove: ["bob"] }]);
  });

  test("members are promoted and removed after a question, and their safety numbers are shown", () => {
    const session = chatSession()
      .hear({ kind: "facts", group: cats, facts: catsFacts })
      .press("C-t", "down", "space", "tab", "enter");
    assert.deepEqual(session.did("amendGroup")[0]?.promote, ["bob"]);
    session.press("delete", "tab", "enter").press("enter");
    assert.deepEqual(session.did("amendGroup")[1]?.remove, ["bob"]);
    assert.equal(session.did("readSafetyNumber")[0]?.user, bob);
  });

  test("a changed identity interrupts, and is accepted only after a question that begins with no", () => {
    const session = chatSession().hear({ kind: "identityChanged", user: bob, name: "bob" });
    const number = { user: bob, name: "bob", trusted: "changed", digits: ["12345"], qr: [] } as const;
    session.hear({ kind: "safetyNumber", number }).press("enter", "enter");
    assert.deepEqual(session.did("acceptIdentity"), []);
    session.press("enter", "tab", "enter");
    assert.deepEqual(session.did("acceptIdentity"), [{ kind: "acceptIdentity", user: bob }]);
    session.hear({ kind: "safetyNumber", number: { ...number, trusted: "pinned" } }).press("enter");
    assert.deepEqual(session.did("verify"), [{ kind: "verify", user: bob }]);
  });

  test("the explorer goes through directories, filters, and sends the chosen file", () => {
    const session = chatSession().press("C-o");
    const entries = [
      { name: "pictures", kind: "directory", bytes: 0 },
      { name: "cat.png", kind: "file", bytes: 5 },
      { name: "dog.png", kind: "file", bytes: 5 },
    ] as const;
    session.hear({ kind: "directory", asked: ".", directory: "/home", entries }).press("down", "enter");
    assert.equal(session.did("listDirectory").at(-1)?.directory, "/home/pictures");
    session.hear({ kind: "directory", asked: "/home/pictures", directory: "/home", entries }).type("dog");
    assert.equal(session.did("previewFile").at(-1)?.file, "/home/dog.png");
    session.press("M-k", "enter");
    const [sent] = session.did("sendFile");
    assert.deepEqual([sent?.file, sent?.keepMetadata, session.topDialog], ["/home/dog.png", true, undefined]);
  });

  test("a path that is typed before a directory has been read stays, and is followed", () => {
    const session = chatSession().press("C-o").type("/tmp/");
    const entries = [{ name: "cat.png", kind: "file", bytes: 5 }] as const;
    session.hear({ kind: "directory", asked: ".", directory: "/home", entries }).type("x/").press("enter");
    assert.equal(session.did("listDirectory").at(-1)?.directory, "/tmp/x/");
    session.hear({ kind: "directory", asked: "/tmp/x/", directory: "/tmp/x", entries });
    // Another one that was asked for before, and takes longer.
    session.hear({ kind: "directory", asked: ".", directory: "/home", entries: [] }).type("cat").press("enter");
    assert.equal(session.did("sendFile")[0]?.file, "/tmp/x/cat.png");
  });

  test("an existing file is not replaced without a yes", () => {
    const session = chatSession()
      .hear({ kind: "fileExists", group: cats, key: idOf.row(1), file: "/d/cat.png" })
      .press("enter");
    assert.deepEqual(session.did("saveFile"), []);
    session.hear({ kind: "fileExists", group: cats, key: idOf.row(1), file: "/d/cat.png" }).press("tab", "enter");
    assert.deepEqual(session.did("saveFile"), [
      { kind: "saveFile", group: cats, key: idOf.row(1), to: "/d/cat.png", replace: true },
    ]);
  });

  test("a question is answered with yes by that button alone: not by Escape, nor by a click on the other", () => {
    const asked = () => chatSession().hear({ kind: "fileExists", group: cats, key: idOf.row(1), file: "/d/cat.png" });
    const click = (row: number) => ({ kind: "click", on: "dialog", row, column: 1 }) as const;
    for (const session of [
      asked().press("escape"),
      asked().hear(click(1)),
      asked().hear({ ...click(0), on: "groups" }),
    ])
      assert.deepEqual([session.did("saveFile"), session.topDialog], [[], undefined]);
    assert.equal(asked().hear(click(2)).topDialog?.kind, "confirm", "there is nothing");
    assert.equal(asked().hear(click(0)).did("saveFile").length, 1);
  });

  test("a preview that comes when another file is chosen by now is not shown", () => {
    const session = chatSession().press("C-o");
    const entries = ["cat.png", "dog.png"].map((name) => ({ name, kind: "file", bytes: 5 }) as const);
    session.hear({ kind: "directory", asked: ".", directory: "/home", entries }).press("down", "down");
    const previewed = (file: string) => session.hear({ kind: "filePreview", file, lines: [], why: "" }).topDialog;
    const late = previewed("/home/cat.png");
    assert.ok(late?.kind === "files" && late.preview === undefined);
    const shown = previewed("/home/dog.png");
    assert.ok(shown?.kind === "files" && shown.preview?.file === "/home/dog.png");
  });

  test("only a failed message can be sent again or discarded", () => {
    for (const state of ["written", "sent", "received", "failed"] as const) {
      const message = messageRow(3, { sender: alice, state });
      const session = chatSession()
        .hear(newestPage(cats, [message]))
        .press("S-up", "r", "enter", "enter");
      assert.equal(session.did("retry").length, state === "failed" ? 2 : 0, state);
    }
  });
});
