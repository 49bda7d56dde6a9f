import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { cats, chatSession, dogs, groupRow, messageRows, newestPage, type Session } from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { textOfLine } from "./line.ts";
import { messageBox } from "./message-box.ts";
import { isTooSmall, placesOf } from "./places.ts";

const boxOf = ({ chat }: Session, rows = 1, columns = 24) =>
  messageBox(chat, chat.scene, chat.scene.conversations.get(cats), { x: 0, y: 0, columns, rows });
const textsOf = (session: Session, rows = 1, columns = 24) =>
  boxOf(session, rows, columns).lines.map((line) => textOfLine(line).trimEnd());

suite("the message box", () => {
  test("says what to do while it is empty, with the cursor in it", () => {
    const box = boxOf(chatSession(), 1, 40);
    assert.deepEqual(box.lines.map(styled), [["own: ›", "dim: write a message; F1 for help"]]);
    assert.deepEqual(box.cursor, { row: 0, column: 2 });
    assert.equal(textOfLine(boxOf(chatSession(), 1, 20).lines[0] ?? []), "› write a message;… ");
  });

  test("shows the draft behind its prompt, and a command as one", () => {
    assert.deepEqual(boxOf(chatSession().type("hello")).lines.map(styled), [["own: ›", "text: hello"]]);
    assert.deepEqual(boxOf(chatSession().type("hello")).cursor, { row: 0, column: 7 });
    assert.deepEqual(boxOf(chatSession().type("/add bob")).lines.map(styled), [["own: ›", "key: /add", "text: bob"]]);
    assert.equal(textsOf(chatSession().type("/add bob"))[0], "› /add bob");
    assert.deepEqual(boxOf(chatSession().type("a /b")).lines.map(styled), [["own: ›", "text: a /b"]]);
    assert.deepEqual(boxOf(chatSession().type("/1")).lines.map(styled), [["own: ›", "text: /1"]]);
  });

  test("shows the lines around the cursor, of which only the first is a command", () => {
    const session = chatSession().hear({ kind: "paste", text: "/one\n/two\n/three\n/four" });
    assert.deepEqual(textsOf(session, 4), ["› /one", "  /two", "  /three", "  /four"]);
    assert.deepEqual(boxOf(session, 4).lines.map(styled)[1], ["text: /two"]);
    assert.deepEqual([textsOf(session, 2), boxOf(session, 2).cursor], [["  /three", "  /four"], { row: 1, column: 7 }]);
    assert.deepEqual(boxOf(session, 3).lines.map(styled), [["text: /two"], ["text: /three"], ["text: /four"]]);
    session.press("up", "up");
    assert.deepEqual([textsOf(session, 2), boxOf(session, 2).cursor], [["› /one", "  /two"], { row: 1, column: 6 }]);
    session.press("up");
    assert.deepEqual([textsOf(session, 2), boxOf(session, 2).cursor], [["› /one", "  /two"], { row: 0, column: 6 }]);
  });

  test("breaks a draft that is wider than the box, and leaves a column for the cursor", () => {
    const session = chatSession().type("x".repeat(30));
    assert.deepEqual(textsOf(session, 2), [`› ${"x".repeat(21)}`, `  ${"x".repeat(9)}`]);
    assert.deepEqual(boxOf(session, 2).cursor, { row: 1, column: 11 });
  });

  test("is quieter while the keys are elsewhere", () => {
    const session = chatSession()
      .hear(newestPage(cats, messageRows(1, 2)))
      .press("S-up");
    assert.deepEqual(boxOf(session).lines.map(styled), [["border: ›"]]);
  });

  test("says why nothing can be written, and what can be done", () => {
    const none = chatSession([]);
    assert.deepEqual(boxOf(none, 1, 40).lines.map(styled), [["dim: Ctrl-G founds a group, F1 helps"]]);
    assert.equal(boxOf(none).cursor, undefined);
    const left = chatSession([groupRow(dogs), groupRow(cats, { left: true })]).press("M-down");
    assert.deepEqual(textsOf(left, 1, 70), [" You are no member of this group any more; it can be read."]);
    assert.equal(textsOf(left, 1, 20)[0], " You are no member …");
    assert.equal(boxOf(left).cursor, undefined);
  });
});

suite("the places on the screen", () => {
  const placesIn = (columns: number, rows: number, session = chatSession()) =>
    placesOf({ ...session.chat, size: { columns, rows } });

  test("are the list at the left, and title, conversation, a line, the message box and the status below each other", () => {
    assert.deepEqual(placesIn(80, 24), {
      groups: { x: 0, y: 0, columns: 24, rows: 23 },
      title: { x: 24, y: 0, columns: 56, rows: 1 },
      conversation: { x: 24, y: 1, columns: 56, rows: 20 },
      typing: { x: 24, y: 21, columns: 56, rows: 1 },
      input: { x: 24, y: 22, columns: 56, rows: 1 },
      status: { x: 0, y: 23, columns: 80, rows: 1 },
    });
  });

  test("have a wider list on a wide screen, and none beside the conversation on a narrow one", () => {
    assert.deepEqual(
      [59, 60, 99, 100].map((columns) => placesIn(columns, 24).groups?.columns),
      [undefined, 24, 24, 28],
    );
    const narrow = chatSession().press("f6", "f6");
    narrow.state = { ...narrow.chat, scene: { ...narrow.chat.scene, focus: "groups" } };
    assert.deepEqual(placesIn(50, 24, narrow).groups, { x: 0, y: 0, columns: 50, rows: 23 });
    assert.equal(placesIn(60, 24, narrow).groups?.columns, 24);
  });

  test("leave the conversation at least as many rows as the message box", () => {
    const lines = (count: number) => chatSession().hear({ kind: "paste", text: "x\n".repeat(count - 1) });
    assert.equal(placesIn(80, 24, lines(3)).input.rows, 3);
    assert.equal(placesIn(80, 24, lines(9)).input.rows, 6);
    const small = placesIn(80, 10, lines(9));
    assert.deepEqual([small.input.rows, small.conversation.rows, small.typing.y, small.input.y], [3, 4, 5, 6]);
    assert.equal(placesIn(80, 4, lines(9)).input.rows, 1);
    assert.equal(placesIn(80, 24, chatSession([])).input.rows, 1);
    const wide = chatSession().hear({ kind: "paste", text: "x".repeat(53) });
    assert.equal(placesIn(80, 24, wide).input.rows, 1);
    assert.equal(placesIn(79, 24, wide).input.rows, 2);
  });

  test("need twenty columns and six rows", () => {
    const isSmall = (columns: number, rows: number) => isTooSmall({ ...chatSession().chat, size: { columns, rows } });
    assert.deepEqual([isSmall(20, 6), isSmall(19, 6), isSmall(20, 5)], [false, true, true]);
  });
});
