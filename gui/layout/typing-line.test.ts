import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { withConversation } from "../model/step.ts";
import {
  alice,
  bob,
  cats,
  catsFacts,
  chatSession,
  dogs,
  messageRows,
  newestPage,
  type Session,
} from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { writersText } from "./group-list.ts";
import { textOfLine } from "./line.ts";
import { typingLine } from "./typing-line.ts";

const lineOf = ({ chat }: Session, columns = 50) =>
  typingLine(chat, chat.scene, chat.scene.conversations.get(cats), columns);
const textOf = (session: Session, columns = 50) => textOfLine(lineOf(session, columns)).trimEnd();
const upload = (of: object = {}) =>
  ({
    kind: "transfer",
    transfer: { id: "1", way: "up", group: cats, name: "cat.png", done: 1, of: 3, ...of },
  }) as const;

suite("the line above the message box", () => {
  test("is empty when there is nothing to say", () => {
    assert.equal(textOfLine(lineOf(chatSession(), 5)), "     ");
    const none = chatSession([]);
    assert.equal(textOfLine(lineOf(none, 5)), "     ");
  });

  test("says who is writing, and never the user", () => {
    const session = chatSession();
    const typing = new Map([alice, bob].map((user) => [user, session.state.nowMs + 1000]));
    session.state = withConversation(session.chat, cats, { typing });
    assert.deepEqual(styled(lineOf(session)), ["dim: bob is writing…"]);
    assert.equal(textOf(session), " bob is writing…");
  });

  test("says how far a file of this conversation has been sent, or why it stopped", () => {
    assert.deepEqual(styled(lineOf(chatSession().hear(upload()))), ["dim: ↑ cat.png 33 %"]);
    assert.equal(textOf(chatSession().hear(upload({ name: "a\u001b", of: 0 }))), " ↑ a␛ 0 %");
    const stopped = chatSession().hear(upload({ stopped: "no\u001b connection" }));
    assert.deepEqual(styled(lineOf(stopped)), ["problem: ↑ cat.png stopped: no␛ connection"]);
    assert.equal(textOf(chatSession().hear(upload({ way: "down" }), upload({ id: "2", group: dogs }))), "");
    assert.equal(textOf(chatSession().hear(upload(), { kind: "typing", group: cats, user: bob })), " bob is writing…");
  });

  test("shows what Tab offers, beginning with what is in the text", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }).type("@").press("tab");
    assert.deepEqual(styled(lineOf(session)), ["key: alice", "dim: bob"]);
    assert.deepEqual(styled(lineOf(session.press("tab"))), ["key: bob"]);
    assert.equal(textOf(session), " bob");
    const one = chatSession().hear({ kind: "facts", group: cats, facts: catsFacts }).type("@b").press("tab");
    assert.equal(textOf(one), "", "there is nothing to choose from");
    const long = chatSession().type("/").press("tab");
    assert.equal(textOf(long, 14), " accept add a…");
  });

  test("says at the right that there is more below, and how to get there", () => {
    const up = chatSession()
      .hear(newestPage(cats, messageRows(1, 50)))
      .press("pageup");
    assert.equal(textOfLine(lineOf(up, 30)), "       ↓ more below (Alt-End) ");
    assert.deepEqual(styled(lineOf(up)), ["unread: ↓ more below (Alt-End)"]);
    const page = {
      kind: "page",
      group: cats,
      where: "around",
      messages: messageRows(1, 5),
      moreOlder: false,
      moreNewer: true,
    } as const;
    assert.match(textOf(chatSession().hear(page)), /more below/);
  });
});

test("up to three who write are named, and more are counted", () => {
  const names = ["alice", "bob", "carol", "dave"];
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((count) => writersText(names.slice(0, count))),
    [
      "",
      "alice is writing…",
      "alice and bob are writing…",
      "alice, bob and carol are writing…",
      "4 people are writing…",
    ],
  );
});
