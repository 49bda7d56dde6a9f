import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bob, cats, catsFacts, chatSession, dogs, groupRow, idOf, type Session } from "../../testing/session.ts";
import { shownEntries } from "./files.ts";

const click = (row: number) => ({ kind: "click", on: "dialog", row, column: 1 }) as const;

function formIn({ topDialog }: Session) {
  assert.ok(topDialog?.kind === "group");
  return topDialog;
}

function filesIn({ topDialog }: Session) {
  assert.ok(topDialog?.kind === "files");
  return topDialog;
}

suite("the form of a group", () => {
  const founding = () => chatSession().press("C-g");
  const amending = () => chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }).press("M-g");
  const field = (session: Session) => formIn(session).field;

  test("begins empty for a new group, and with its title for an old one", () => {
    assert.deepEqual(
      [field(founding()), formIn(founding()).fields.title.text, formIn(founding()).history, formIn(founding()).expire],
      ["title", "", false, 0],
    );
    assert.deepEqual([field(amending()), formIn(amending()).fields.title.text], ["add", "cats"]);
    assert.equal(formIn(chatSession().press("M-g")).fields.title.text, "", "it is not known yet");
  });

  test("is gone through by keys, round and round", () => {
    const through = (session: Session, key: string, times: number) =>
      Array.from({ length: times }, () => field(session.press(key)));
    assert.deepEqual(through(founding(), "tab", 5), ["add", "history", "expire", "done", "title"]);
    assert.deepEqual(through(founding(), "S-tab", 5), ["done", "expire", "history", "add", "title"]);
    assert.deepEqual(through(amending(), "down", 3), ["remove", "done", "title"]);
    assert.deepEqual(through(amending(), "up", 3), ["title", "done", "remove"]);
    assert.deepEqual(through(founding(), "enter", 4), ["add", "history", "expire", "done"]);
  });

  test("takes clicks on its fields, and on the button that does it", () => {
    assert.equal(field(founding().hear(click(2))), "history");
    assert.equal(field(founding().hear(click(9))), "title");
    const session = founding().type("birds").hear(click(4));
    assert.equal(session.did("createGroup").length, 1);
  });

  test("turns history on and off, and goes through the times for which messages are kept", () => {
    const session = founding().press("tab", "tab");
    const history = (key: string) => formIn(session.press(key)).history;
    assert.deepEqual(["space", "left", "right", "x", "f9"].map(history), [true, false, true, true, true]);
    session.press("tab");
    const expire = (key: string) => formIn(session.press(key)).expire;
    assert.deepEqual(["right", "space", "left", "right", "x"].map(expire), [86_400, 604_800, 2_592_000, 0, 0]);
    assert.equal(session.did("createGroup").length, 0);
  });

  test("is sent by Enter or the space bar on its button, and by no letter", () => {
    const ready = () => founding().type("birds").press("tab", "tab", "tab", "tab");
    assert.equal(ready().type("x").did("createGroup").length, 0);
    assert.equal(ready().press("space").did("createGroup").length, 1);
    assert.deepEqual(ready().press("enter").did("createGroup"), [
      { kind: "createGroup", title: "birds", members: [], history: false, expireSeconds: 0 },
    ]);
  });

  test("without a title asks for it, and a letter takes that back", () => {
    const session = founding().type("  ").press("tab", "tab", "tab", "tab", "enter");
    assert.deepEqual([field(session), formIn(session).problem], ["title", "The group needs a title."]);
    assert.deepEqual(session.did("createGroup"), []);
    assert.equal(formIn(session.type("b")).problem, undefined);
    assert.equal(formIn(session.press("f9")).fields.title.text, "  b");
  });

  test("renames the group where its title was changed, and closes where nothing was", () => {
    const renamed = amending().press("S-tab").type(" 2").press("tab", "tab", "tab", "enter");
    assert.deepEqual(renamed.did("amendGroup"), [{ kind: "amendGroup", group: cats, title: "cats 2" }]);
    assert.equal(formIn(renamed).busy, true);
    const untitled = chatSession().press("M-g", "S-tab").type("cats").press("S-tab", "enter");
    assert.deepEqual(untitled.did("amendGroup"), [{ kind: "amendGroup", group: cats, title: "cats" }]);
    const same = amending().press("tab", "tab", "enter");
    assert.deepEqual([same.did("amendGroup"), same.topDialog], [[], undefined]);
  });

  test("completes names of people who are no members yet, and of members to be removed", () => {
    const session = amending().hear({
      kind: "people",
      people: ["carol", "bob", "bert"].map((name, at) => ({
        user: idOf.user(at + 3),
        name,
        trusted: "pinned" as const,
      })),
    });
    assert.equal(formIn(session.type("b").press("tab")).fields.add.text, "bert");
    session.type(", c").press("tab");
    assert.deepEqual([formIn(session).fields.add.text, field(session)], ["bert, carol", "add"]);
    assert.equal(field(session.press("tab")), "remove", "the name is whole");
    session.type("c").press("tab");
    assert.deepEqual([field(session), formIn(session).fields.remove.text], ["done", "c"]);
    const added = amending().type("al").press("tab");
    assert.deepEqual([field(added), formIn(added).fields.add.text], ["remove", "al"], "alice is a member already");
    const founded = founding().type("a").press("tab");
    assert.deepEqual([field(founded), formIn(founded).fields.title.text], ["add", "a"], "a title is no name");
    assert.equal(formIn(founded.type("al").press("tab")).fields.add.text, "alice");
  });

  test("waits while it is done, and says why it failed, or the status bar does", () => {
    const busy = founding().type("birds").press("S-tab", "enter");
    const before = formIn(busy);
    assert.deepEqual([before.busy, before.problem], [true, undefined]);
    assert.equal(formIn(busy.press("tab", "x")), before);
    busy.hear({ kind: "failed", of: "other", text: "The file is gone." });
    assert.deepEqual([formIn(busy).busy, busy.state.toast?.text], [true, "The file is gone."]);
    busy.hear({ kind: "identityChanged", user: bob, name: "bob" }, { kind: "failed", of: "group", text: "No." });
    assert.equal(busy.topDialog?.kind, "trust");
    busy.press("escape");
    assert.deepEqual([formIn(busy).busy, formIn(busy).problem], [false, "No."]);
    const idle = founding().hear({ kind: "failed", of: "group", text: "bob has left." });
    assert.deepEqual(
      [formIn(idle).problem, idle.state.toast?.text, idle.state.toast?.kind],
      [undefined, "bob has left.", "problem"],
    );
  });

  test("that is not waiting stays open when another change to a group is done", () => {
    const birds = idOf.group(12);
    const session = founding().type("b").hear({ kind: "groupDone", group: birds });
    assert.deepEqual([formIn(session).fields.title.text, session.state.toast?.text], ["b", "Done."]);
    assert.equal(session.chat.scene.active, birds);
    const [row] = session.chat.scene.groups;
    assert.deepEqual(row, { ...groupRow(birds), title: undefined, lastAt: 1_000_000 });
    const known = chatSession().hear({ kind: "groupDone", group: dogs });
    assert.deepEqual([known.chat.scene.groups.length, known.state.toast?.kind], [2, "info"]);
  });

  test("that waits under another dialog closes alone", () => {
    const session = founding()
      .type("birds")
      .press("S-tab", "enter")
      .hear({ kind: "identityChanged", user: bob, name: "bob" });
    session.hear({ kind: "groupDone", group: idOf.group(12) });
    assert.deepEqual(
      session.chat.scene.dialogs.map(({ kind }) => kind),
      ["trust"],
    );
  });
});

suite("the explorer", () => {
  const entries = [
    { name: "Pictures", kind: "directory", bytes: 0 },
    { name: "cat.png", kind: "file", bytes: 5 },
    { name: "notes.txt", kind: "file", bytes: 5 },
    { name: "dog.JPEG", kind: "file", bytes: 5 },
  ] as const;
  const listing = (asked: string, directory: string) => ({ kind: "directory", asked, directory, entries }) as const;
  const opened = () => {
    const session = chatSession().press("C-o").hear(listing(".", "/home/"));
    session.done();
    return session;
  };
  const names = (session: Session) => shownEntries(filesIn(session)).map(({ name }) => name);
  const listed = (session: Session) => session.did("listDirectory").map(({ directory }) => directory);

  test("begins with the directory of the program, which it reads", () => {
    const session = chatSession().press("C-o");
    assert.deepEqual(session.did("listDirectory"), [{ kind: "listDirectory", directory: "." }]);
    const { asked, directory, entries: none, at, keepMetadata, problem, preview } = filesIn(session);
    assert.deepEqual(
      [asked, directory, none, at, keepMetadata, problem, preview],
      [".", ".", undefined, 0, false, undefined, undefined],
    );
    assert.deepEqual(shownEntries(filesIn(session)), [{ name: "..", kind: "directory", bytes: 0 }]);
  });

  test("filters by any part of a name, in any case, and a path filters nothing", () => {
    assert.deepEqual(names(opened().type("IC")), ["..", "Pictures"]);
    assert.deepEqual(names(opened().type("/ic")), ["..", ...entries.map(({ name }) => name)]);
    assert.deepEqual(names(opened().type("~")), ["..", ...entries.map(({ name }) => name)]);
    assert.deepEqual(names(opened().type("a/~")), [".."]);
  });

  test("begins with what fits, and with the parent again when nothing is typed", () => {
    assert.equal(filesIn(opened()).at, 0);
    const session = opened().type("c");
    assert.equal(filesIn(session).at, 1);
    assert.equal(filesIn(session.press("backspace")).at, 0);
    const late = chatSession().press("C-o").type("c").hear(listing(".", "/home"));
    assert.equal(filesIn(late).at, 1);
  });

  test("asks for the preview of a picture that is chosen, once, and of nothing else", () => {
    for (const [name, isPicture] of [
      ["a.jpg", true],
      ["a.webp", true],
      ["a.gif", true],
      ["a.png.txt", false],
      ["png", false],
    ] as const) {
      const one = chatSession()
        .press("C-o")
        .hear({ ...listing(".", "/home"), entries: [{ name, kind: "file", bytes: 1 }] });
      assert.equal(one.press("down").did("previewFile").length, isPicture ? 1 : 0, name);
    }
    const session = opened().press("down");
    assert.deepEqual(session.did("previewFile"), []);
    session.press("down");
    assert.deepEqual(session.done(), [{ kind: "previewFile", file: "/home/cat.png", columns: 36, rows: 12 }]);
    session.hear({ kind: "filePreview", file: "/home/cat.png", lines: ["▀"], why: "" }).press("M-k");
    assert.deepEqual(filesIn(session).preview, { file: "/home/cat.png", lines: ["▀"], why: "" });
    session.type(".");
    assert.notEqual(filesIn(session).preview, undefined, "it is still the chosen one");
    session.press("C-u", "down", "down", "down");
    assert.equal(filesIn(session).preview, undefined);
    assert.deepEqual(
      session.did("previewFile").map(({ file }) => file),
      ["/home/cat.png"],
    );
    assert.equal(session.press("pagedown").did("previewFile").at(-1)?.file, "/home/dog.JPEG");
    assert.equal(filesIn(session.press("up", "up")).at, 2);
    assert.equal(filesIn(session.press("pageup")).at, 0);
    const unfitting = opened().press("down", "down");
    unfitting.hear({ kind: "filePreview", file: "/home/cat.png", lines: ["▀"], why: "" }).type("zz");
    assert.deepEqual([filesIn(unfitting).preview, unfitting.did("previewFile").length], [undefined, 1]);
  });

  test("goes up by its first entry, and by erasing what is not there", () => {
    assert.deepEqual(listed(opened().press("enter")), ["/home/.."]);
    const session = opened().press("backspace");
    assert.deepEqual(listed(session), ["/home//.."]);
    assert.deepEqual(listed(opened().type("c").press("backspace")), []);
  });

  test("clicks choose, and a click on what is chosen opens or sends it", () => {
    const session = opened().hear(click(2));
    assert.deepEqual([filesIn(session).at, session.did("sendFile")], [2, []]);
    session.hear(click(2));
    assert.equal(session.did("sendFile")[0]?.file, "/home/cat.png");
    assert.deepEqual([session.state.toast?.text, session.topDialog], ["sending /home/cat.png…", undefined]);
    const into = opened().hear(click(1), click(1));
    assert.deepEqual(listed(into), ["/home/Pictures"]);
    assert.deepEqual([filesIn(into).asked, filesIn(into).filter.text, filesIn(into).at], ["/home/Pictures", "", 0]);
  });

  test("follows a typed path: a directory is read, and a file is sent", () => {
    assert.deepEqual(listed(opened().type("~").press("enter")), ["~"]);
    assert.deepEqual(listed(opened().type(" /tmp/ ").press("enter")), ["/tmp/"]);
    assert.equal(opened().type("~/cat.txt").press("enter").did("sendFile")[0]?.file, "~/cat.txt");
    const pasted = opened().hear({ kind: "paste", text: "/tmp/cat.txt\n" }).press("enter");
    assert.equal(pasted.did("sendFile")[0]?.file, "/tmp/cat.txt");
    assert.deepEqual(opened().type("x/cat.png").press("enter").did("sendFile"), [], "it is no path");
    assert.deepEqual([pasted.did("sendFile")[0]?.group, pasted.did("sendFile")[0]?.keepMetadata], [cats, false]);
  });

  test("keeps or takes out what tells where a picture was taken", () => {
    const keeps = (session: Session) => filesIn(session.press("M-k")).keepMetadata;
    const session = opened();
    assert.deepEqual([keeps(session), keeps(session)], [true, false]);
  });

  test("says why a directory cannot be read, and stays where it was", () => {
    const session = opened().press("down", "enter");
    session.hear({ ...listing("/home/Pictures", "/home/Pictures"), entries: [], problem: "You may not read it." });
    const { problem, directory } = filesIn(session);
    assert.deepEqual([problem, directory, names(session).length], ["You may not read it.", "/home/", 5]);
    session.press("down", "enter").hear(listing("/home/Pictures", "/home/Pictures"));
    assert.deepEqual([filesIn(session).problem, filesIn(session).directory], [undefined, "/home/Pictures"]);
    assert.equal(filesIn(session.press("f9")).at, 0);
  });
});
