import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { MessageRow, Preview, TransferRow, Trusted } from "../model/shown.ts";
import { alice, bob, cats, catsFacts, chatSession, dogs, idOf, messageRow, newestPage } from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { conversationLines } from "./conversation.ts";
import { columnsOfLine, type Line, textOfLine } from "./line.ts";
import { messageShape } from "./message-shape.ts";

const at = new Date(2026, 10, 25, 14, 5).getTime();
const carol = idOf.user(3);

interface Shown {
  readonly columns?: number;
  readonly trusted?: Trusted;
  readonly readers?: readonly number[];
  readonly transfers?: readonly Partial<TransferRow>[];
  readonly preview?: Preview;
  readonly keys?: readonly string[];
  readonly previews?: boolean;
}

/** The lines of messages below the heading of their day. */
function linesOf(rows: readonly MessageRow[], of: Shown = {}): Line[] {
  const session = chatSession().hear(
    { kind: "tick", nowMs: at },
    { kind: "people", people: [{ user: bob, name: "bob", trusted: of.trusted ?? "pinned" }] },
    { kind: "facts", group: cats, facts: catsFacts },
    newestPage(cats, rows),
    {
      kind: "readUpTo",
      group: cats,
      readUpTo: new Map((of.readers ?? []).map((user) => [idOf.user(user), idOf.seq(9)])),
    },
  );
  for (const [id, transfer] of (of.transfers ?? []).entries()) {
    const begun = { id: String(id), way: "down", group: cats, name: "cat.png", done: 512, of: 1024 } as const;
    session.hear({ kind: "transfer", transfer: { ...begun, ...transfer } });
  }
  if (of.preview) session.hear({ kind: "preview", key: idOf.row(1), preview: of.preview });
  session.press(...(of.keys ?? []));
  const settings = { ...session.state.settings, previews: of.previews ?? true };
  const { columns = 60 } = of;
  const lines = conversationLines(session.conversation(), { ...session.chat, settings }, { columns, rows: 99 });
  return lines.filter(({ key }) => key !== undefined).map(({ line }) => line);
}
const textsOf = (rows: readonly MessageRow[], of: Shown = {}) =>
  linesOf(rows, of).map((line) => textOfLine(line).trimEnd());
const said = (text: string, of: Partial<MessageRow> = {}) =>
  messageRow(1, { at, content: { kind: "text", text }, ...of });
const own = (text: string, of: Partial<MessageRow> = {}) => said(text, { sender: alice, state: "sent", ...of });

suite("a message", () => {
  test("has its time and its sender before it", () => {
    assert.deepEqual(textsOf([said("hello")]), [" 14:05 bob    hello"]);
    assert.deepEqual(linesOf([said("hello")]).map(styled), [["time: 14:05", "nick2: bob", "text: hello"]]);
    assert.deepEqual(linesOf([own("hello")]).map(styled), [["time: 14:05", "own: alice", "text: hello", "dim: ✓"]]);
    assert.deepEqual(
      linesOf([said("x")], { trusted: "changed" }).map((line) => styled(line)[1]),
      ["changed: bob"],
    );
  });

  test("goes on below where it began", () => {
    assert.deepEqual(textsOf([said("one two three four five six")], { columns: 44 }), [
      " 14:05 bob    one two three four five six",
    ]);
    assert.deepEqual(textsOf([said("one two three four five sixteen")], { columns: 44 }), [
      " 14:05 bob    one two three four five",
      "              sixteen",
    ]);
  });

  test("has a line above it in a narrow conversation", () => {
    assert.deepEqual(textsOf([said("hello")], { columns: 43 }), [" bob 14:05", "  hello"]);
    assert.deepEqual(linesOf([said("hello")], { columns: 43 }).map(styled), [
      ["nick2: bob", "time: 14:05"],
      ["text: hello"],
    ]);
    const two = [said("one"), messageRow(2, { at, content: { kind: "text", text: "two" } })];
    assert.deepEqual(textsOf(two, { columns: 30 }), [" bob 14:05", "  one", "  two"]);
  });

  test("of the same sender shows its time again in another minute, quietly", () => {
    const later = (ms: number) =>
      linesOf([said("one"), messageRow(2, { at: at + ms, content: { kind: "text", text: "two" } })]);
    assert.deepEqual(
      later(59_999)
        .map(textOfLine)
        .map((text) => text.trimEnd()),
      [" 14:05 bob    one", "              two"],
    );
    assert.deepEqual(styled(later(60_000)[1] ?? []), ["dim: 14:06", "text: two"]);
    assert.equal(textOfLine(later(60_000)[1] ?? []).trimEnd(), " 14:06        two");
    assert.equal(styled(later(299_999)[1] ?? []).length, 2);
    assert.deepEqual(styled(later(300_000)[1] ?? [])[1], "nick2: bob", "five minutes later it is somebody anew");
  });

  test("that is selected stands out in all its columns, while the keys are there", () => {
    const rows = [said("before"), messageRow(2, { at, content: { kind: "text", text: "hello" }, sender: carol })];
    const [other = [], line = []] = linesOf(rows, { keys: ["S-up"] });
    assert.deepEqual(styled(other), ["time: 14:05", "nick2: bob", "text: before"]);
    assert.deepEqual(styled(line), [
      "own on selected: ▌",
      "time on selected: 14:05",
      "nick9 on selected: #3",
      "text on selected: hello",
    ]);
    assert.equal(columnsOfLine(line), 60);
    assert.ok(line.every(({ ground }) => ground === "selected"));
    const elsewhere = linesOf(rows, { keys: ["S-up", "C-k", "enter"] });
    assert.equal(styled(elsewhere[1] ?? [])[0], "time: 14:05");
  });

  test("that names the user is marked, also the text of a file", () => {
    assert.equal(styled(linesOf([said("hi @alice")])[0] ?? [])[0], "mentionOwn: ▌");
    assert.equal(styled(linesOf([said("hi @bob")])[0] ?? [])[0], "time: 14:05");
    assert.equal(styled(linesOf([file({ text: "@alice" })])[0] ?? [])[0], "mentionOwn: ▌");
  });

  test("is broken into lines once for a width and a membership, and anew for another", () => {
    const session = chatSession().hear(
      { kind: "facts", group: cats, facts: catsFacts },
      newestPage(cats, [said("ask @carol, or somebody else of the group")]),
    );
    const lines = (columns: number) =>
      conversationLines(session.conversation(), session.chat, { columns, rows: 9 })
        .filter(({ key }) => key !== undefined)
        .map(({ line }) => line);
    const end = () => lines(60)[0]?.at(-1);
    assert.equal(lines(44).length, 2);
    assert.equal(lines(60).length, 1);
    assert.equal(end(), end());
    const members = [...catsFacts.members, { user: carol, name: "carol", admin: false }];
    session.hear({ kind: "facts", group: cats, facts: { ...catsFacts, members } });
    assert.ok(styled(lines(60)[0] ?? []).includes("mention: @carol"));
    assert.equal(end(), end());
  });

  test("that cannot be read says why", () => {
    const unreadable = (why?: string) => textsOf([said("", { state: "unreadable", content: undefined, why })]);
    assert.deepEqual(unreadable("no\u001b key"), [" 14:05 bob    cannot be read: no␛ key"]);
    assert.deepEqual(unreadable(), [" 14:05 bob    cannot be read"]);
    assert.deepEqual(styled(linesOf([said("x", { state: "unreadable" })])[0] ?? []).at(-1), "problem: cannot be read");
    assert.equal(textsOf([own("x", { state: "unreadable" })])[0], " 14:05 alice  cannot be read");
    assert.equal(textsOf([said("x", { content: undefined })])[0], " 14:05 bob    cannot be read");
  });

  test("that failed says why, and how to send it again", () => {
    const failed = (why?: string) => linesOf([own("hello", { state: "failed", seq: undefined, why })]);
    assert.deepEqual(failed("busy").map(textOfLine), [
      " 14:05 alice  hello",
      `${" ".repeat(14)}not sent: busy (R sends it again)            ✗`,
    ]);
    assert.deepEqual(styled(failed()[1] ?? []), ["problem: not sent", "dim: (R sends it again)", "problem: ✗"]);
  });
});

suite("the receipt of an own message", () => {
  const receipt = (of: Partial<MessageRow>, readers: readonly number[] = []) =>
    styled(linesOf([own("x", of)], { readers })[0] ?? []).at(-1);
  const users = (count: number) => Array.from({ length: count }, (_, user) => user + 2);

  test("says that it waits, that the server has it, or how many others have read it", () => {
    assert.equal(receipt({ seq: undefined, state: "written" }), "dim: …");
    assert.equal(receipt({}), "dim: ✓");
    assert.equal(receipt({}, [1]), "dim: ✓", "the user is nobody else");
    assert.equal(receipt({}, [1, 2, 3]), "verified: ✓✓ 2");
    assert.equal(receipt({ seq: idOf.seq(9) }, [2]), "verified: ✓✓ 1");
    assert.equal(receipt({ seq: idOf.seq(10) }, [2]), "dim: ✓");
    assert.equal(receipt({}, users(99)), "verified: ✓✓ 99");
    assert.equal(receipt({}, users(100)), "verified: ✓✓ 99");
  });

  test("is at the right of its last line, where its room is kept free", () => {
    assert.equal(
      textOfLine(linesOf([own("x".repeat(24))], { columns: 44 })[0] ?? []),
      ` 14:05 alice  ${"x".repeat(24)}     ✓`,
    );
    assert.deepEqual(linesOf([own("x".repeat(25))], { columns: 44 }).map(textOfLine), [
      ` 14:05 alice  ${"x".repeat(24)}`,
      `${" ".repeat(14)}x${" ".repeat(28)}✓`,
    ]);
    assert.equal(
      textOfLine(linesOf([own("x".repeat(24))], { columns: 44, readers: users(99) })[0] ?? []),
      ` 14:05 alice  ${"x".repeat(24)} ✓✓ 99`,
    );
  });
});

function file(of: { text?: string; name?: string; size?: number } = {}, row: Partial<MessageRow> = {}): MessageRow {
  const bytes = (length: number) => new Uint8Array(length);
  const begun = { kind: "file", name: "cat.png", mediaType: "image/png", size: 1024, text: "" } as const;
  return said("", { content: { ...begun, attachment: bytes(16), key: bytes(32), hash: bytes(32), ...of }, ...row });
}

suite("a file", () => {
  const below = (of: Shown, row = file()) => textsOf([row], of).map((line) => line.slice(14));

  test("has its name and its size, and what was written with it", () => {
    assert.deepEqual(below({ previews: false }, file({ text: "look" })), ["▤ cat.png  1.0 KiB", "look"]);
    assert.deepEqual(styled(linesOf([file()], { previews: false })[0] ?? []).slice(2), [
      "dim: ▤",
      "link: cat.png",
      "dim: 1.0 KiB",
    ]);
    assert.deepEqual(below({ previews: false }, file({ name: "" })), ["▤ a file  1.0 KiB"]);
    assert.deepEqual(below({ previews: false }, file({ name: "x".repeat(90) })), [`▤ ${"x".repeat(34)}…  1.0 KiB`]);
  });

  test("has its picture, as far as there is one", () => {
    assert.deepEqual(below({}), ["▤ cat.png  1.0 KiB", "the picture comes…"]);
    assert.deepEqual(styled(linesOf([file()])[1] ?? []), ["dim: the picture comes…"]);
    assert.deepEqual(below({ preview: { kind: "none", why: "broken\u001b" } })[1], "broken␛");
    const lines = { kind: "lines", columns: 2, lines: ["▀▀", "▄▄"] } as const;
    assert.deepEqual(below({ preview: lines }).slice(1), ["▀▀", "▄▄"]);
    assert.equal(below({ preview: lines, previews: false }).length, 1);
    assert.equal(styled(linesOf([file()], { preview: { kind: "none", why: "no" } })[1] ?? [])[0], "dim: no");
  });

  test("shows how far its own download is, or why it stopped", () => {
    const second = (...transfers: Partial<TransferRow>[]) => below({ previews: false, transfers })[1];
    assert.equal(second({}), "█████████░░░░░░░░░  50 %");
    assert.equal(second({ of: 0 }), "░░░░░░░░░░░░░░░░░░   0 %");
    assert.equal(second({ stopped: "no\u001b connection" }), "stopped: no␛ connection");
    for (const other of [{ way: "up" }, { group: dogs }, { name: "dog.png" }, { of: 1023 }] as const)
      assert.equal(second(other), undefined);
    assert.equal(second({ name: "dog.png" }, { done: 1024 }), "██████████████████ 100 %");
    assert.equal(
      styled(linesOf([file()], { previews: false, transfers: [{ stopped: "no" }] })[1] ?? [])[0],
      "problem: stopped: no",
    );
  });
});

suite("the columns of a message", () => {
  test("are as wide as the longest name, within bounds", () => {
    const shape = (columns: number, ...names: string[]) => {
      const members = names.map((name, user) => ({ user: idOf.user(user + 1), name, admin: false }));
      return messageShape(columns, { ...catsFacts, members });
    };
    assert.deepEqual(shape(60, "bob"), { columns: 60, isNarrow: false, nameColumns: 5, indent: 14 });
    assert.equal(shape(60, "bob", "漢字漢字").nameColumns, 8);
    assert.equal(shape(60, "x".repeat(30)).nameColumns, 12);
    assert.equal(shape(90, "x".repeat(30)).nameColumns, 14);
    assert.equal(messageShape(60, undefined).nameColumns, 12);
    assert.deepEqual(messageShape(43, undefined), { columns: 43, isNarrow: true, nameColumns: 35, indent: 2 });
    assert.equal(messageShape(44, undefined).isNarrow, false);
  });

  test("have the number of somebody whose name is not known", () => {
    assert.equal(textsOf([said("x", { sender: carol })])[0], " 14:05 #3     x");
  });
});
