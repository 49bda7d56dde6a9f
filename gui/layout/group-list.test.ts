import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { GroupRow } from "../model/shown.ts";
import { bob, cats, chatSession, dogs, groupRow, idOf, type Session } from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { groupAt, groupListLines, groupTitle, titleOf } from "./group-list.ts";
import { columnsOfLine, textOfLine } from "./line.ts";

const place = (rows: number, columns = 20) => ({ x: 0, y: 0, columns, rows });
const linesOf = ({ chat }: Session, rows = 4, columns = 20) => {
  const lines = groupListLines(chat, chat.scene, place(rows, columns));
  assert.equal(lines.length, rows);
  for (const line of lines) assert.equal(columnsOfLine(line), columns);
  return lines;
};
const textsOf = (session: Session, rows = 4, columns = 20) => linesOf(session, rows, columns).map(textOfLine);
const second = (of: Partial<GroupRow>) => linesOf(chatSession([groupRow(cats), groupRow(dogs, of)]))[2] ?? [];
const many = (count: number) =>
  Array.from({ length: count }, (_, at) => groupRow(idOf.group(20 + at), { title: `g${at}` }));

suite("the list of groups", () => {
  test("is under the user's name, with the shown group marked, beside a border", () => {
    assert.deepEqual(textsOf(chatSession()), [
      " alice             │",
      "▌cats              │",
      " dogs              │",
      "                   │",
    ]);
    assert.deepEqual(linesOf(chatSession()).slice(0, 3).map(styled), [
      ["own on bar: alice", "border: │"],
      ["own on selected: ▌", "text on selected: cats", "border: │"],
      ["text: dogs", "border: │"],
    ]);
  });

  test("fills the whole of a narrow screen, and shows where its keys are", () => {
    const session = chatSession().press("f6", "f6");
    assert.equal(textsOf(session, 3, 80)[1]?.trimEnd(), "▌cats", "there are no messages to go through first");
    const focused = chatSession();
    focused.state = { ...focused.chat, scene: { ...focused.chat.scene, focus: "groups" } };
    assert.equal(textsOf(focused, 3, 80)[1], `▶cats${" ".repeat(75)}`);
  });

  test("says what is unread, and how often the user was mentioned", () => {
    assert.deepEqual(styled(second({ unread: 3 })), ["strong: dogs", "unread: 3", "border: │"]);
    assert.deepEqual(styled(second({ unread: 3, mentions: 2 })), [
      "strong: dogs",
      "mentionOwn: @2",
      "unread: 3",
      "border: │",
    ]);
    assert.equal(textOfLine(second({ unread: 3, mentions: 2 })), " dogs         @2 3 │");
    assert.equal(textOfLine(second({ unread: 999, mentions: 99 })), " dogs      @99 999 │");
    assert.equal(textOfLine(second({ unread: 1000, mentions: 100 })), " dogs     @99 999+ │");
  });

  test("shows quietly what the user has left, and where a draft waits or somebody writes", () => {
    assert.deepEqual(styled(second({ left: true, unread: 1 })), ["dim: dogs", "unread: 1", "border: │"]);
    assert.deepEqual(styled(second({ draft: "hm" })), ["text: dogs", "dim: …", "border: │"]);
    assert.equal(textsOf(chatSession([groupRow(cats, { draft: "hm" })]))[1], "▌cats              │", "it can be seen");
    const session = chatSession().press("M-down", "M-up");
    session.hear(...[cats, dogs].map((group) => ({ kind: "typing", group, user: bob }) as const));
    assert.deepEqual(linesOf(session).slice(1, 3).map(textOfLine), ["▌cats              │", " dogs           ✎  │"]);
    assert.equal(styled(linesOf(session)[2] ?? [])[1], "dim: ✎");
  });

  test("cuts a title before what stands behind it", () => {
    assert.equal(textOfLine(second({ title: "a rather long title", unread: 12 })), " a rather long… 12 │");
  });

  test("says that there are none, where there is room for it", () => {
    assert.deepEqual(textsOf(chatSession([]), 3), [
      " alice             │",
      " no groups yet     │",
      "                   │",
    ]);
    assert.equal(styled(linesOf(chatSession([]), 3)[1] ?? [])[0], "dim: no groups yet");
    assert.equal(textsOf(chatSession([]), 2)[1], "                   │");
  });

  test("that is too long shows the part around the shown group, where clicks find what is there", () => {
    const shownFrom = (downs: number) => {
      const session = chatSession(many(10)).press(...Array.from({ length: downs }, () => "M-down"));
      const { scene } = session.chat;
      return [textsOf(session, 5)[1]?.slice(1, 4).trim(), groupAt(scene, place(5), 1), groupAt(scene, place(5), 4)];
    };
    assert.deepEqual(shownFrom(0), ["g0", 0, 3]);
    assert.deepEqual(shownFrom(2), ["g0", 0, 3]);
    assert.deepEqual(shownFrom(5), ["g3", 3, 6]);
    assert.deepEqual(shownFrom(9), ["g6", 6, 9]);
    const { scene } = chatSession().chat;
    assert.deepEqual(
      [0, 1, 2, 3].map((row) => groupAt(scene, place(5), row)),
      [undefined, 0, 1, undefined],
    );
  });
});

test("a group without a title is called by its number, and one with an empty title untitled", () => {
  assert.equal(groupTitle({ group: cats, title: undefined }), "group 10");
  assert.equal(groupTitle({ group: cats, title: "" }), "untitled");
  assert.equal(groupTitle({ group: cats, title: "a\u001b" }), "a␛");
  const { scene } = chatSession().chat;
  assert.deepEqual([titleOf(scene, dogs), titleOf(scene, idOf.group(99))], ["dogs", "group 99"]);
});
