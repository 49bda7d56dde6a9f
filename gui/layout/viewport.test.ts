import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ChangeRow } from "../model/shown.ts";
import type { Conversation } from "../model/state.ts";
import {
  bob,
  cats,
  catsFacts,
  chatSession,
  idOf,
  messageRow,
  messageRows,
  newestPage,
  Session,
} from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { conversationLines, scrolled, shownKeys } from "./conversation.ts";
import { textOfLine } from "./line.ts";
import { viewport } from "./viewport.ts";

const size = { columns: 60, rows: 10 };
const minute = 60_000;
const noon = new Date(2026, 10, 25, 12, 0).getTime();
const change = (seq: number, of: Partial<ChangeRow> = {}): ChangeRow => ({
  seq: idOf.seq(seq),
  at: noon,
  by: bob,
  action: "leave",
  subjects: [],
  ...of,
});
/** A conversation in which each message takes a line, ten minutes after the one before. */
const chatOf = (rows = messageRows(1, 30), of: Partial<Conversation> = {}, changes: readonly ChangeRow[] = []) => {
  const at = rows.map((row, index) => ({ ...row, at: noon + index * 10 * minute }));
  const session = chatSession().hear(
    { kind: "tick", nowMs: noon },
    { kind: "facts", group: cats, facts: { ...catsFacts, changes } },
  );
  const { chat } = session.hear(newestPage(cats, at));
  return [chat, { ...session.conversation(), older: "none", ...of }] as const;
};
const [state, conversation] = chatOf();
const anchored = (key: number, linesBelow = 0) => ({ ...conversation, anchor: { key: idOf.row(key), linesBelow } });
const textsOf = (of: readonly [typeof state, Conversation], rows = 10) =>
  conversationLines(of[1], of[0], { ...size, rows }).map(({ line }) => textOfLine(line).trim());

suite("scrolling", () => {
  test("goes up by lines, and not beyond the beginning", () => {
    assert.deepEqual(scrolled(conversation, state, size, 3), { key: 27, linesBelow: 0 });
    assert.deepEqual(scrolled(anchored(20), state, size, 3), { key: 17, linesBelow: 0 });
    assert.deepEqual(
      scrolled(conversation, state, size, 1000),
      { key: 8, linesBelow: 0 },
      "ten lines, two of them headings",
    );
    assert.deepEqual(scrolled(anchored(8), state, size, 1), { key: 8, linesBelow: 0 });
  });

  test("goes down by lines, and follows the newest message at the end", () => {
    assert.deepEqual(scrolled(anchored(20), state, size, -3), { key: 23, linesBelow: 0 });
    assert.equal(scrolled(anchored(28), state, size, -2), undefined);
    assert.equal(scrolled(anchored(28), state, size, -99), undefined);
    assert.deepEqual(scrolled(anchored(28), state, size, 0), { key: 28, linesBelow: 0 });
    assert.equal(scrolled(conversation, state, size, -1), undefined);
  });

  test("goes through the lines of a long message, and through what stands behind the last", () => {
    const long = messageRow(2, { content: { kind: "text", text: "a\nb\nc\nd" } });
    const [of, said] = chatOf([messageRow(1), long, messageRow(3)]);
    const low = { columns: 60, rows: 2 };
    assert.deepEqual(scrolled(said, of, low, 2), { key: 2, linesBelow: 1 });
    assert.deepEqual(scrolled({ ...said, anchor: { key: idOf.row(2), linesBelow: 1 } }, of, low, -1), {
      key: 2,
      linesBelow: 0,
    });
    assert.deepEqual(scrolled({ ...said, anchor: { key: idOf.row(2), linesBelow: 99 } }, of, low, 0), {
      key: 2,
      linesBelow: 3,
    });
    const [later, left] = chatOf(messageRows(1, 9), {}, [change(10), change(11)]);
    assert.deepEqual(scrolled(left, later, low, 1), { key: 9, linesBelow: -1 });
    assert.deepEqual(scrolled(left, later, low, 2), { key: 9, linesBelow: 0 });
    const between = { ...left, anchor: { key: idOf.row(9), linesBelow: -1 } };
    assert.match(textsOf([later, between], 1)[0] ?? "", /bob left$/);
    assert.equal(scrolled(between, later, low, -1), undefined);
  });

  test("around a message that has gone shows the end", () => {
    assert.equal(scrolled(anchored(99), state, size, 0), undefined);
    assert.equal(shownKeys(anchored(99), state, size).bottomKey, 30);
  });

  test("of an empty conversation leads nowhere", () => {
    const [of, empty] = chatOf([]);
    assert.deepEqual([scrolled(empty, of, size, 3), scrolled(empty, of, size, -3)], [undefined, undefined]);
    assert.deepEqual(textsOf([of, empty]), ["the conversation begins here"]);
    assert.deepEqual(shownKeys(empty, of, size), { topKey: undefined, bottomKey: undefined });
  });
});

suite("the view", () => {
  test("has the line of its anchor at the bottom, or the first messages at the top", () => {
    const keys = (of: Conversation) => Object.values(shownKeys(of, state, size));
    assert.deepEqual(keys(conversation), [21, 30]);
    assert.deepEqual(keys(anchored(20)), [11, 20]);
    assert.deepEqual(keys(anchored(8)), [1, 8]);
    assert.deepEqual(keys(anchored(3)), [1, 8]);
  });

  test("says where older messages are", () => {
    const first = (older: Conversation["older"]) => textsOf(chatOf(messageRows(1, 3), { older }))[0];
    assert.equal(first("none"), "the conversation begins here");
    assert.equal(first("vault"), "older messages above");
    assert.equal(first("server"), "older messages may be at the server");
    assert.equal(first("loading"), "older messages come…");
    const [of, said] = chatOf(messageRows(1, 1));
    const [line = []] = conversationLines(said, of, size).map((shown) => shown.line);
    assert.deepEqual(
      [textOfLine(line), styled(line)],
      [`${" ".repeat(16)}the conversation begins here`, ["dim: the conversation begins here"]],
    );
  });

  test("has a rule above the first message that is new", () => {
    const ruled = (of: Partial<Conversation>, rows = messageRows(3, 6)) => {
      const lines = textsOf(chatOf(rows, of));
      const at = lines.findIndex((line) => line.includes("new since you left"));
      return at < 0 ? undefined : lines[at + 1]?.split(" ").at(-1);
    };
    assert.equal(ruled({ newFrom: idOf.seq(5) }), "5");
    assert.equal(ruled({ newFrom: undefined }), undefined);
    assert.equal(ruled({ newFrom: idOf.seq(7) }), undefined);
    assert.equal(ruled({ newFrom: idOf.seq(3), older: "vault" }), "3");
    assert.equal(ruled({ newFrom: idOf.seq(2), older: "none" }), "3");
    assert.equal(ruled({ newFrom: idOf.seq(2), older: "vault" }), undefined, "it is above the window");
    const written = [messageRow(3), messageRow(4, { seq: undefined })];
    assert.equal(ruled({ newFrom: idOf.seq(4) }, written), undefined);
    assert.equal(ruled({ newFrom: idOf.seq(5) }, [messageRow(3, { seq: undefined }), messageRow(6)]), undefined);
  });

  test("has changes to the group where they belong, and those behind the last message at its end", () => {
    const places = (
      seqs: readonly number[],
      of: Partial<Conversation> = {},
      rows = [3, 5, 7].map((key) => messageRow(key)),
    ) =>
      textsOf(
        chatOf(
          rows,
          of,
          seqs.map((seq) => change(seq)),
        ),
        30,
      ).flatMap((line) =>
        line.includes("bob left") ? ["left"] : line.includes("message") ? line.split(" ").slice(-1) : [],
      );
    assert.deepEqual(places([1, 2, 4, 6, 8]), ["left", "left", "3", "left", "5", "left", "7", "left"]);
    assert.deepEqual(places([8], { newest: false }), ["3", "5", "7"], "there are messages before it");
    assert.deepEqual(places([1, 2], { older: "vault" }), ["above", "left", "left", "3", "5", "7"]);
    assert.deepEqual(places([1], { older: "vault" }), ["above", "3", "5", "7"], "it is above the window");
    const unplaced = [messageRow(3), messageRow(9, { seq: undefined }), messageRow(10, { seq: undefined })];
    assert.deepEqual(places([4], {}, unplaced), ["3", "left", "9", "10"]);
    assert.deepEqual(places([1], {}, []), ["left"]);
  });

  test("has the time of a change beside it, or nothing on a narrow screen", () => {
    const lines = (columns: number) => {
      const [of, said] = chatOf([], {}, [
        change(1, { action: "rename", title: "a title of several words that is long" }),
      ]);
      return conversationLines(said, of, { columns, rows: 9 })
        .map(({ line }) => line)
        .slice(2);
    };
    assert.deepEqual(lines(60).map(textOfLine), [
      " 12:00      · bob renamed the group to “a title of several",
      `${" ".repeat(14)}words that is long”`,
    ]);
    assert.deepEqual(styled(lines(60)[0] ?? []), [
      "dim: 12:00",
      "system: ·",
      "system: bob renamed the group to “a title of several",
    ]);
    assert.deepEqual(lines(30).map(textOfLine), [
      "· bob renamed the group to “a",
      "  title of several words that",
      "  is long”",
    ]);
  });
});

suite("the answers to the model", () => {
  const session = new Session(
    {
      ...chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }, newestPage(cats, messageRows(1, 50)))
        .chat,
      size: { columns: 80, rows: 24 },
    },
    viewport,
  );
  const { chat } = session;

  test("are those of the layout that is drawn", () => {
    assert.equal(viewport.pageLines(chat), 20);
    assert.deepEqual(viewport.scrolled(chat, session.conversation(), 5), { key: 45, linesBelow: 0 });
    assert.equal(viewport.showsFirst(chat, session.conversation()), false);
    assert.equal(
      viewport.showsFirst(chat, { ...session.conversation(), anchor: { key: idOf.row(10), linesBelow: 0 } }),
      true,
    );
    assert.equal(viewport.showsFirst(chat, { ...session.conversation(), messages: [] }), true);
  });

  test("leave room for receipts beside a picture", () => {
    assert.equal(viewport.pictureColumns(chat), 36);
    assert.equal(viewport.pictureColumns({ ...chat, size: { columns: 20, rows: 24 } }), 12);
    assert.equal(viewport.pictureColumns({ ...chatSession([]).chat, size: { columns: 80, rows: 24 } }), 30);
    assert.equal(viewport.pictureColumns({ ...chat, size: { columns: 5, rows: 24 } }), 1);
  });
});
