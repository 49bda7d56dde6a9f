import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bindingsOf, defaultBindings } from "../../keys/bindings.ts";
import { commandNames } from "../../model/commands.ts";
import type { SafetyNumber } from "../../model/shown.ts";
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
  type Session,
} from "../../testing/session.ts";
import { styled } from "../../testing/styled.ts";
import { type Line, textOfLine } from "../line.ts";
import type { Panel, PanelRow } from "../panel.ts";
import { panelOf } from "./panel-of.ts";

const usual = { columns: 100, rows: 30 };

function panelIn(session: Session, size = usual): Panel {
  const { topDialog, chat } = session;
  assert.ok(topDialog);
  return panelOf({ ...chat, size }, topDialog);
}
const lines = (rows: readonly PanelRow[] = []): Line[] => rows.map(({ line }) => line);
const texts = (rows?: readonly PanelRow[]) => lines(rows).map((line) => textOfLine(line).trimEnd());
const chosen = (rows: readonly PanelRow[]) =>
  rows.flatMap(({ line, items }) =>
    line.some(({ ground }) => ground === "selected") ? items?.map(({ item }) => item) : [],
  );

suite("the question", () => {
  const asked = (size = usual) => panelIn(chatSession().type("/leave").press("enter"), size);

  test("has its answers side by side, or below each other on a narrow screen, where clicks find them", () => {
    const { title, hint, columns, body, foot = [] } = asked();
    assert.deepEqual([title, hint, columns], ["Leave the group?", "Tab · Enter · Esc", 60]);
    assert.equal(
      texts(body).join(" "),
      "Nothing that is written from now on will be readable here. What was read stays.",
    );
    assert.deepEqual(texts(foot), ["", "  Leave   ▸ Stay"]);
    assert.deepEqual(foot[1]?.items, [
      { from: 0, item: 0 },
      { from: 10, item: 1 },
    ]);
    assert.deepEqual(styled(foot[1]?.line ?? []), ["text on field: Leave", "own: ▸", "strong on button: Stay"]);
    const narrow = asked({ columns: 20, rows: 30 });
    assert.deepEqual(texts(narrow.foot), ["", "  Leave", "▸ Stay"]);
    assert.deepEqual(
      narrow.foot?.map(({ items }) => items?.[0]),
      [undefined, { from: 0, item: 0 }, { from: 0, item: 1 }],
    );
    assert.equal(asked({ columns: 21, rows: 30 }).foot?.length, 2);
  });

  test("marks the answer that Enter gives", () => {
    const { foot } = panelIn(chatSession().type("/leave").press("enter", "tab"));
    assert.deepEqual(texts(foot), ["", "▸ Leave     Stay"]);
  });

  test("shows control characters of names as signs", () => {
    const { body } = panelIn(
      chatSession().hear({ kind: "fileExists", group: cats, key: idOf.row(1), file: "a\u001b" }),
    );
    assert.deepEqual(texts(body), ["a␛ is there already."]);
  });
});

suite("the help", () => {
  test("has every key as the user has bound it, by what has the focus, and every command", () => {
    const session = chatSession();
    session.state = { ...session.chat, bindings: bindingsOf({ redraw: ["f9", "M-l"] }) };
    const { title, hint, columns, body, top } = panelIn(session.press("f1", "down"));
    assert.deepEqual([title, hint, columns, top], ["Help", "↑↓ PgUp PgDn · Esc closes", 72, 1]);
    const shown = texts(body);
    assert.deepEqual(
      body.filter(({ line }) => line[0]?.style === "heading").map(({ line }) => textOfLine(line)),
      [
        "Everywhere",
        "In the message box",
        "Among the messages",
        "In the list of groups",
        "In a dialog",
        "Signing in",
        "Commands, in the message box",
      ],
    );
    assert.equal(shown[0], "Everywhere");
    assert.equal(shown[1], "F1                  this help");
    assert.ok(shown.includes("F9 Alt-L            draw the screen anew"));
    assert.ok(shown.includes("/create TITLE: alic…found a group"));
    assert.deepEqual(styled(body[1]?.line ?? []), ["key: F1", "text: this help"]);
    const count = Object.keys(defaultBindings).length + commandNames.length + 7 + 6 + 1;
    assert.equal(
      shown.length,
      count,
      "a line each and two for one, seven headings, and an empty line before six of them",
    );
    assert.equal(lines(body).filter((line) => styled(line).length === 0).length, 6);
    const signIn = shown.indexOf("Signing in");
    assert.equal(shown[signIn + 1], "Tab ↓               the next field");
  });

  test("breaks what does not fit beside the keys", () => {
    const { columns, body } = panelIn(chatSession().press("f1"), { columns: 30, rows: 20 });
    assert.equal(columns, 26);
    const shown = texts(body);
    const at = shown.findIndex((line) => line.startsWith("Ctrl-K"));
    assert.deepEqual(shown.slice(at, at + 3), [
      "Ctrl-K       go to a group",
      "             by a part of",
      "             its name",
    ]);
  });
});

suite("the settings", () => {
  test("have their values at the right", () => {
    const { title, hint, columns, body, at } = panelIn(chatSession().press("f4", "down"));
    assert.deepEqual([title, hint, columns, at], ["Settings", "Enter changes · Esc closes", 52, 1]);
    assert.deepEqual(
      texts(body).map((line) => line.split(/ {2,}/)),
      [
        ["Colours", "dark"],
        ["Bell and notification", "for mentions"],
        ["Others see that you write", "on"],
        ["Others see what you have read", "on"],
        ["Pictures in the conversation", "on"],
      ],
    );
    assert.deepEqual(styled(body[0]?.line ?? []), ["text: Colours", "strong: dark"]);
    assert.deepEqual(chosen(body), [1]);
  });
});

suite("the menu of a message", () => {
  test("has what can be done with it", () => {
    const bytes = (length: number) => new Uint8Array(length);
    const file = { kind: "file", name: "cat.png", mediaType: "image/png", size: 9, text: "" } as const;
    const content = { ...file, attachment: bytes(16), key: bytes(32), hash: bytes(32) };
    const session = chatSession().hear({
      kind: "message",
      group: cats,
      message: messageRow(1, { content, state: "failed" }),
    });
    const { body, at, columns } = panelIn(session.press("S-up", "enter", "down"));
    assert.deepEqual(texts(body), [
      " Send again",
      " Discard",
      " Save the file",
      " Open with the system's viewer",
      " Show it here",
      " Safety number of its sender",
      " Nothing",
    ]);
    assert.deepEqual([at, chosen(body), columns], [1, [1], 38]);
  });
});

suite("going to a group", () => {
  const now = new Date(2026, 10, 25, 14, 0).getTime();
  const rows = [
    groupRow(cats, { unread: 2, lastAt: now - 60_000 }),
    groupRow(dogs, { unread: 3, mentions: 1, lastAt: 0 }),
    groupRow(idOf.group(12), { title: "old", left: true }),
  ];
  const opened = () => chatSession(rows).hear({ kind: "tick", nowMs: now }).press("C-k");

  test("shows what is new there, and when something was written", () => {
    const { title, hint, columns, head, body, at } = panelIn(opened().press("down"));
    assert.deepEqual([title, hint, columns, at], ["Go to a group", "Enter goes there · Esc closes", 50, 1]);
    assert.deepEqual(texts(head), ["Go to"]);
    assert.equal(head?.[0]?.cursor, 7);
    assert.deepEqual(
      texts(body).map((line) => line.split(/ {2,}/)),
      [["cats", "2 new", "13:59"], ["dogs", "3 new"], ["old"]],
    );
    assert.deepEqual(lines(body).map(styled), [
      ["text: cats", "unread: 2 new", "time: 13:59"],
      ["text on selected: dogs", "mentionOwn on selected: 3 new"],
      ["dim: old"],
    ]);
  });

  test("says that there is none like that", () => {
    assert.deepEqual(lines(panelIn(opened().type("zz")).body).map(styled), [["dim: no such group"]]);
    assert.deepEqual(texts(panelIn(opened().type("zz")).head), ["Go to  zz"]);
  });

  test("cuts a title that is long", () => {
    const long = chatSession([groupRow(cats, { title: "x".repeat(60) })]).press("C-k");
    assert.equal(texts(panelIn(long).body)[0], `${"x".repeat(31)}…`);
  });
});

suite("files on their way", () => {
  const transfer = (id: string, of: object) =>
    ({
      kind: "transfer",
      transfer: { id, way: "up", group: cats, name: `${id}.png`, done: 512, of: 1024, ...of },
    }) as const;

  test("show how far they are, or why they stopped", () => {
    const session = chatSession()
      .hear(transfer("one", {}), transfer("two\u001b", { way: "down", stopped: "no\u001b connection" }))
      .press("M-t", "down");
    const { title, hint, columns, body, at } = panelIn(session);
    assert.deepEqual([title, hint], ["Files on their way", "Enter resumes · Del cancels · Esc closes"]);
    assert.deepEqual([columns, at, chosen(body)], [76, 1, [1]]);
    assert.equal(texts(body)[0], `↑ one.png${" ".repeat(29)}█████████░░░░░░░░░  50 %  of 1.0 KiB`);
    assert.equal(texts(body)[1], `↓ two␛.png${" ".repeat(28)}stopped: no␛ connection`);
    assert.deepEqual(styled(body[0]?.line ?? []), [
      "key: ↑",
      "text: one.png",
      "online: █████████",
      "border: ░░░░░░░░░",
      "dim: 50 %",
      "dim: of 1.0 KiB",
    ]);
    assert.equal(styled(body[1]?.line ?? [])[2], "problem on selected: stopped: no␛ connection");
  });

  test("have short names on a narrow screen, or are none", () => {
    const session = chatSession().hear(transfer("a-long-name", {})).press("M-t");
    assert.match(texts(panelIn(session, { columns: 48, rows: 20 }).body)[0] ?? "", /^↑ a-… █/);
    assert.deepEqual(lines(panelIn(chatSession().press("M-t")).body).map(styled), [["dim: none"]]);
  });
});

suite("the search", () => {
  const now = new Date(2026, 10, 25, 14, 0).getTime();
  const message = (text: string, of = {}) => messageRow(7, { at: now, content: { kind: "text", text }, ...of });
  const found = (words: string, hits: readonly ReturnType<typeof message>[], key = "M-f") => {
    const session = chatSession().hear({ kind: "tick", nowMs: now }).press(key).type(words);
    const group = key === "M-f" ? undefined : cats;
    return session.hear({ kind: "hits", group, words, hits: hits.map((of) => ({ group: dogs, message: of })) });
  };
  const spans = (session: Session, size = usual) => styled(panelIn(session, size).body[0]?.line ?? []);

  test("shows where, when and who, with the first word that was found", () => {
    const session = found("Fish two", [message("only two big FISH"), message("fish", { sender: alice })]);
    const { title, hint, columns, head, body, at } = panelIn(session);
    assert.deepEqual([title, hint], ["Search all conversations", "Enter goes there · Esc closes"]);
    assert.deepEqual([columns, texts(head), head?.[0]?.cursor, at, chosen(body)], [90, ["Find  Fish two"], 14, 0, [0]]);
    assert.deepEqual(texts(body), ["  14:00 dogs bob  only two big FISH", "  14:00 dogs alice  fish"]);
    assert.deepEqual(spans(session), [
      "time on selected: 14:00",
      "heading on selected: dogs",
      "nick2 on selected: bob",
      "text on selected: only",
      "unread on selected: two",
      "text on selected: big FISH",
    ]);
    assert.deepEqual(styled(body[1]?.line ?? []).slice(2), ["own: alice", "unread: fish"]);
  });

  test("in one conversation names it once, and says when nothing was found, or nothing was asked", () => {
    const session = found("fish", [message("fish")], "C-f");
    assert.equal(panelIn(session).title, "Search cats");
    assert.deepEqual(texts(panelIn(session).body), ["  14:00 bob  fish"]);
    assert.deepEqual(lines(panelIn(found("x", [])).body).map(styled), [["dim: Nothing was found."]]);
    const words = "dim: Words of messages, or the beginnings of words.";
    assert.deepEqual(lines(panelIn(found("", [])).body).map(styled), [[words]]);
    assert.deepEqual(lines(panelIn(found(" ", [])).body).map(styled), [[words]]);
  });

  test("shows the part of a long text in which the word is", () => {
    const size = { columns: 44, rows: 20 };
    const row = (text: string) => texts(panelIn(found("fish", [message(text)]), size).body)[0]?.slice(18);
    assert.equal(row("fish are here"), "fish are here");
    assert.equal(row(`${"x".repeat(17)}fish`), `${"x".repeat(17)}fish`);
    assert.equal(row(`${"x".repeat(18)}fish`), "…xxxxxfish");
    assert.equal(row(`${"x".repeat(40)}fish and ${"y".repeat(20)}`), "…xxxxxfish and yyyyyy…");
  });

  test("finds the word between spaces that were typed", () => {
    for (const words of [" fish", "fish ", "no  fish"]) {
      assert.deepEqual(spans(found(words, [message("a fish")])).slice(4), ["unread on selected: fish"], words);
    }
  });

  test("shows a text whole where the word is in what cannot be shown", () => {
    assert.deepEqual(spans(found("zz", [message("fish")])).slice(3), ["text on selected: fish"]);
    assert.deepEqual(spans(found("fish", [message("İ fish")])).slice(3), ["text on selected: İ fish"]);
    assert.deepEqual(spans(found("fish", [message("a\u001b fish")])).slice(3), [
      "text on selected: a␛",
      "unread on selected: fish",
    ]);
  });

  test("shows the name of a file and what was written with it", () => {
    const bytes = (length: number) => new Uint8Array(length);
    const file = { kind: "file", name: "cat.png", mediaType: "image/png", size: 9, text: "a fish" } as const;
    const content = { ...file, attachment: bytes(16), key: bytes(32), hash: bytes(32) };
    assert.match(texts(panelIn(found("fish", [message("", { content })])).body)[0] ?? "", /bob {2}cat\.png a fish$/);
    assert.match(texts(panelIn(found("x", [message("", { content: undefined })])).body)[0] ?? "", /bob$/);
  });
});

suite("the form of a group", () => {
  test("of a new one asks for title, members, history, and how long messages are kept", () => {
    const { title, hint, columns, body, at } = panelIn(chatSession().press("C-g").type("birds"));
    assert.deepEqual([title, hint, columns], ["Found a group", "Tab next · Space changes · Enter does it", 60]);
    assert.deepEqual(texts(body), [
      "Title     birds",
      "Members",
      "History     new members read from then on",
      "Messages    kept for ever",
      "Names are separated by commas.",
      "",
      "  Found",
    ]);
    assert.deepEqual(
      [at, body.map(({ cursor }) => cursor)[0], body.filter(({ cursor }) => cursor !== undefined).length],
      [0, 15, 1],
    );
    assert.deepEqual(
      body.map(({ items }) => items?.[0]?.item),
      [0, 1, 2, 3, undefined, undefined, 4],
    );
    assert.deepEqual(lines(body).map(styled).slice(0, 5), [
      ["strong: Title", "text on field: birds"],
      ["dim: Members"],
      ["dim: History", "text: new members read from then on"],
      ["dim: Messages", "text: kept for ever"],
      ["dim: Names are separated by commas."],
    ]);
  });

  test("shows what is chosen, and what that means", () => {
    const session = chatSession().press("C-g", "tab", "tab", "space");
    assert.equal(texts(panelIn(session).body)[2], "History   ‹ new members read what was before ›");
    assert.deepEqual(styled(panelIn(session).body[2]?.line ?? []), [
      "strong: History",
      "text on selected: ‹ new members read what was before ›",
    ]);
    assert.equal(texts(panelIn(session.press("tab", "space")).body)[3], "Messages  ‹ kept 1 day, then deleted ›");
    assert.equal(panelIn(session).at, 3);
    assert.equal(texts(panelIn(session.press("tab")).body).at(-1), "▸ Found");
  });

  test("of an old one asks whom to add and remove", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }).press("M-g");
    const { title, body } = panelIn(session);
    assert.equal(title, "Amend the group");
    assert.deepEqual(texts(body), ["Title     cats", "Add", "Remove", "Names are separated by commas.", "", "  Amend"]);
  });

  test("says what went wrong, and that it is at work", () => {
    const session = chatSession().press("C-g", "S-tab", "enter");
    assert.deepEqual(styled(panelIn(session).body[5]?.line ?? []), ["problem: The group needs a title."]);
    session.type("birds").press("S-tab", "enter");
    assert.deepEqual(styled(panelIn(session).body.at(-1)?.line ?? []), ["dim: at it…"]);
  });
});

suite("the members", () => {
  test("have their roles, their presence, and how far they are trusted", () => {
    const carol = { user: idOf.user(3), name: "carol", admin: false };
    const session = chatSession().hear(
      { kind: "facts", group: cats, facts: { ...catsFacts, members: [...catsFacts.members, carol] } },
      { kind: "presence", group: cats, online: new Set([bob]) },
      { kind: "people", people: [{ user: bob, name: "bob", trusted: "verified" }] },
    );
    const shown = () => lines(panelIn(session).body).map(styled);
    const { title, hint, columns } = panelIn(session.press("C-t"));
    assert.deepEqual([title, hint], ["Members (3)", "Enter safety number · Space role · Del removes"]);
    assert.equal(columns, 56);
    assert.deepEqual(shown(), [
      ["online on selected: ●", "own on selected: alice", "strong on selected: admin", "dim on selected: you"],
      ["online: ●", "nick2: bob", "verified: ✓ verified"],
      ["dim: ○", "nick9: carol", "dim: not compared"],
    ]);
    session.hear({ kind: "people", people: [{ user: bob, name: "bob", trusted: "changed" }] }).press("down");
    assert.equal(shown()[1]?.at(-1), "changed on selected: ! changed");
    assert.equal(panelIn(session).at, 1);
  });

  test("may be unknown, and long names are cut", () => {
    assert.deepEqual(lines(panelIn(chatSession().press("C-t")).body).map(styled), [["dim: not known yet"]]);
    const members = [{ user: bob, name: "x".repeat(60), admin: true }];
    const session = chatSession()
      .hear({ kind: "facts", group: cats, facts: { ...catsFacts, members } })
      .press("C-t");
    assert.match(texts(panelIn(session).body)[0] ?? "", /^○ x{33}… {2}admin +not compared$/);
  });
});

suite("a safety number", () => {
  const digits = Array.from({ length: 12 }, (_, at) => String(10_000 + at));
  const number: SafetyNumber = { user: bob, name: "bob", trusted: "pinned", digits, qr: ["█▀█", "█▄█"] };
  const shown = (of: Partial<SafetyNumber> = {}, size = usual, ...keys: string[]) => {
    const session = chatSession().hear({ kind: "identityChanged", user: of.user ?? bob, name: "bob" });
    return panelIn(session.hear({ kind: "safetyNumber", number: { ...number, ...of } }).press(...keys), size);
  };
  const words = (panel: Panel, from: number) => texts(panel.body).slice(from).join(" ");

  test("is computed first", () => {
    const { title, hint, columns, body } = panelIn(
      chatSession().hear({ kind: "identityChanged", user: bob, name: "bob" }),
    );
    assert.deepEqual([title, hint, columns], ["Safety number with bob", "Esc closes", 40]);
    assert.deepEqual(lines(body).map(styled), [["dim: computed…"]]);
  });

  test("is twelve blocks of digits, and what to do with them", () => {
    const panel = shown();
    assert.deepEqual([panel.title, panel.hint], ["Safety number with bob", "Tab QR code · Enter: they are the same"]);
    assert.deepEqual([panel.columns, panel.top, panel.isProblem], [50, 0, false]);
    const margin = " ".repeat(12);
    assert.deepEqual(texts(panel.body).slice(0, 6), [
      "not compared yet",
      "",
      `${margin}10000  10001  10002  10003`,
      `${margin}10004  10005  10006  10007`,
      `${margin}10008  10009  10010  10011`,
      "",
    ]);
    assert.equal(
      words(panel, 6),
      "Read it to bob, face to face or on the telephone. If bob sees the same sixty digits, nobody reads in between.",
    );
    assert.deepEqual(lines(panel.body).slice(0, 3).flatMap(styled), [
      "dim: not compared yet",
      "strong: 10000  10001  10002  10003",
    ]);
    assert.equal(styled(panel.body[6]?.line ?? [])[0]?.startsWith("text: Read it"), true);
  });

  test("that was compared says so, and asks for nothing", () => {
    const panel = shown({ trusted: "verified" });
    assert.equal(panel.hint, "Tab QR code · Esc closes");
    assert.deepEqual(styled(panel.body[0]?.line ?? []), ["verified: ✓ compared, and the same"]);
    assert.equal(words(panel, 6), "You have compared it: what bob writes is theirs, and only your groups read it.");
  });

  test("of a changed identity has both numbers, side by side or below each other, and warns", () => {
    const changed = { trusted: "changed", changedDigits: digits.map((of) => String(Number(of) + 10_000)) } as const;
    const panel = shown(changed);
    assert.deepEqual([panel.columns, panel.isProblem], [56, true]);
    assert.equal(panel.hint, "Tab QR code · Enter accepts · Esc does not");
    assert.deepEqual(lines(panel.body).slice(0, 4).map(styled), [
      ["changed: ! another identity is shown under this name"],
      [],
      ["dim: as you know it", "dim: as it is shown now"],
      ["strong: 10000  10001  10002  10003", "changed: 20000  20001  20002  20003"],
    ]);
    assert.equal(texts(panel.body)[3], "10000  10001  10002  10003    20000  20001  20002  20003");
    assert.equal(words(panel, 7), "Either bob has made new keys, or somebody poses as them. Ask bob, but not here.");
    assert.equal(styled(panel.body[7]?.line ?? [])[0]?.startsWith("changed: Either"), true);
    const narrow = texts(shown(changed, { columns: 59, rows: 30 }).body);
    assert.deepEqual(
      [narrow[2], narrow[3], narrow[6], narrow[7]],
      ["as you know it", "10000  10001  10002  10003", "as it is shown now", "20000  20001  20002  20003"],
    );
    assert.equal(texts(shown(changed, { columns: 60, rows: 30 }).body)[3]?.length, 56);
  });

  test("is a QR code where there is room for it", () => {
    const panel = shown({}, usual, "tab");
    assert.equal(panel.hint, "Tab digits · Enter: they are the same");
    assert.deepEqual(texts(panel.body), ["not compared yet", "", `${" ".repeat(23)}█▀█`, `${" ".repeat(23)}█▄█`]);
    assert.equal(styled(panel.body[2]?.line ?? [])[0], "qr: █▀█");
    assert.match(words(shown({ qr: [] }, usual, "tab"), 2), /10000/);
    assert.equal(texts(shown({}, { columns: 100, rows: 8 }, "tab").body).length, 4);
    const low = shown({}, { columns: 100, rows: 7 }, "tab");
    assert.equal(texts(low.body)[2], "The terminal is too small for the QR code.");
    assert.equal(styled(low.body[2]?.line ?? [])[0], "problem: The terminal is too small for the QR code.");
    assert.match(words(low, 3), /Read it to bob/);
    const wide = { qr: ["█".repeat(70)] };
    assert.equal(shown(wide, usual, "tab").columns, 70);
    assert.equal(shown(wide, usual).columns, 50);
    assert.match(words(shown(wide, { columns: 73, rows: 30 }, "tab"), 2), /too small/);
    assert.equal(texts(shown(wide, { columns: 74, rows: 30 }, "tab").body)[2], "█".repeat(70));
  });

  test("of one's own says what it is for", () => {
    const panel = shown({ user: alice, name: "alice" });
    assert.deepEqual([panel.title, panel.hint], ["Your own identity", "Tab QR code · Esc closes"]);
    assert.equal(words(panel, 4), "Others compare their number with yours: open the safety number with them.");
    assert.match(texts(panel.body)[0] ?? "", /10000/);
  });
});

suite("the explorer", () => {
  const entries = [
    { name: "pictures", kind: "directory", bytes: 0 },
    { name: "cat\u001b.png", kind: "file", bytes: 2048 },
  ] as const;
  const opened = (directory = "/home", of: object = {}) =>
    chatSession()
      .press("C-o")
      .hear({ kind: "directory", asked: ".", directory, entries, ...of });

  test("lists the directory under the filter, and says what is done with pictures", () => {
    const { title, hint, columns, head = [], body, foot } = panelIn(opened().press("down"));
    assert.deepEqual([title, hint, columns], ["Send a file", "Enter sends or opens · ↑↓ · Esc closes", 86]);
    assert.deepEqual(texts(head), ["/home", "Find or path"]);
    assert.deepEqual([styled(head[0]?.line ?? []), head[1]?.cursor], [["heading: /home"], 14]);
    assert.deepEqual(texts(body).slice(0, 4), ["../", "pictures/", `cat␛.png${" ".repeat(33)}2.0 KiB`, ""]);
    assert.equal(body.length, 12, "it does not jump when there are few");
    assert.deepEqual(lines(body).slice(0, 3).map(styled), [
      ["link: ../"],
      ["link on selected: pictures/"],
      ["text: cat␛.png", "dim: 2.0 KiB"],
    ]);
    assert.deepEqual(body.map(({ items }) => items?.[0]?.item).slice(0, 4), [0, 1, 2, undefined]);
    assert.deepEqual(lines(foot).map(styled), [["key: ☐", "dim: keep what tells where a picture was taken (Alt-K)"]]);
  });

  test("warns where a picture keeps what tells where it was taken, and says what went wrong", () => {
    const kept = panelIn(opened().press("M-k"));
    assert.deepEqual(lines(kept.foot).map(styled), [
      ["key: ☑", "changed: keep what tells where a picture was taken (Alt-K)"],
    ]);
    const failed = panelIn(opened("/home", { problem: "You may not\u001b read it." }));
    assert.deepEqual(lines(failed.foot).map(styled)[0], ["problem: You may not␛ read it."]);
  });

  test("says that it is reading, until it has read", () => {
    const { body } = panelIn(chatSession().press("C-o"));
    assert.deepEqual(texts(body).slice(0, 2), ["reading…", ""]);
    assert.deepEqual(styled(body[0]?.line ?? []), ["dim: reading…"]);
    assert.ok(!texts(panelIn(opened("/home", { entries: [] })).body).includes("reading…"));
  });

  test("cuts a name that is long, so that its size is seen", () => {
    const long = (kind: "file" | "directory") => [{ name: "x".repeat(60), kind, bytes: 2048 }];
    const row = (kind: "file" | "directory") => {
      const { body } = panelIn(opened("/home", { entries: long(kind) }), { columns: 44, rows: 20 });
      return texts(body)[1];
    };
    assert.equal(row("file"), `${"x".repeat(30)}…  2.0 KiB`);
    assert.equal(row("directory"), `${"x".repeat(37)}…`);
  });

  test("shows the part of a long directory around the chosen entry, as far as there is room", () => {
    const many = Array.from({ length: 40 }, (_, at) => ({ name: `f${at}`, kind: "file", bytes: 1 }) as const);
    const session = opened("/home", { entries: many }).press("pagedown", "pagedown");
    const { body } = panelIn(session, { columns: 80, rows: 15 });
    assert.equal(body.length, 10);
    assert.deepEqual([texts(body)[0]?.slice(0, 3), chosen(body)], ["f14", [20]]);
    assert.match(
      texts(panelIn(session.press("pagedown", "pagedown"), { columns: 80, rows: 15 }).body).at(-1) ?? "",
      /^f39/,
    );
  });

  test("has the picture beside the list where there is room, or why there is none", () => {
    const session = opened().press("down", "down");
    const file = "/home/cat\u001b.png";
    session.hear({ kind: "filePreview", file, lines: ["▀▀", "▄▄"], why: "" });
    const wide = texts(panelIn(session, { columns: 72, rows: 30 }).body);
    assert.deepEqual(wide.slice(0, 2), [`../${" ".repeat(29)}▀▀`, `pictures/${" ".repeat(23)}▄▄`]);
    assert.equal(texts(panelIn(session, { columns: 71, rows: 30 }).body)[0], "../");
    session.hear({ kind: "filePreview", file, lines: [], why: "broken\u001b" });
    assert.match(texts(panelIn(session).body)[0] ?? "", /^\.\.\/ +broken␛$/);
    assert.equal(styled(panelIn(session).body[0]?.line ?? []).at(-1), "dim: broken␛");
  });

  test("shows the end of a long path", () => {
    const head = (directory: string) => texts(panelIn(opened(directory), { columns: 24, rows: 20 }).head)[0];
    assert.equal(head("/a/path/of/20/colum"), "/a/path/of/20/colum");
    assert.equal(head("/a/rather/long/path/to/here"), "…r/long/path/to/here");
    assert.equal(head("/漢字漢字漢字漢字漢字漢字"), "…漢字漢字漢字漢字");
  });
});
