import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { bindingsOf } from "../keys/bindings.ts";
import type { Event } from "../model/event.ts";
import type { Connection } from "../model/state.ts";
import { cats, catsFacts, chatSession } from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { columnsOfLine, textOfLine } from "./line.ts";
import { spinner } from "./spinner.ts";
import { statusLine } from "./status-line.ts";

const lineWith = (connection: Partial<Connection>, columns = 120) => {
  const { chat } = chatSession().hear(
    { kind: "facts", group: cats, facts: catsFacts },
    { kind: "connection", connection },
  );
  const line = statusLine(chat, columns);
  assert.equal(columnsOfLine(line), columns);
  assert.ok(line.every(({ ground }) => ground === "bar"));
  return line;
};
const textWith = (connection: Partial<Connection>, columns = 120) =>
  textOfLine(lineWith(connection, columns)).trimEnd();
const online = { state: "online", server: "s1", strategy: "random", roundTripMs: 11.6 } as const;

suite("the status bar", () => {
  test("says to which server the client is connected, and what waits, before all else", () => {
    assert.match(textWith(online), /^ ● online {2}s1 · 12 ms · random · epoch 1 · rsa-fernet {2,}/);
    assert.match(textWith({ ...online, waiting: 2 }), /^ ● online {2}2 waiting {2}s1/);
    assert.match(textWith({ state: "online" }), /^ ● online {2}epoch 1 · rsa-fernet {3}/);
    const withoutGroup = (connection: Partial<Connection>) =>
      statusLine(chatSession([]).hear({ kind: "connection", connection }).chat, 120);
    assert.match(textOfLine(withoutGroup({ state: "online", server: "", roundTripMs: 0 })), /^ ● online {2}0 ms {3}/);
    assert.deepEqual(styled(withoutGroup({ state: "online" })).slice(0, 3), [
      "online on bar: ●",
      "text on bar: online",
      "key on bar: F1",
    ]);
  });

  test("shows control characters of what servers say as signs", () => {
    assert.match(
      textWith({ state: "online", server: "s\u001b1", strategy: "ran\u0007dom" }),
      / {2}s␛1 · ran␇dom · epoch/,
    );
  });

  test("says why there is no connection", () => {
    assert.match(
      textWith({ state: "offline", why: "no\u001b route", waiting: 1 }),
      /^ ○ offline: no␛ route {2}1 waiting {2}/,
    );
    assert.match(textWith({ state: "offline" }), /^ ○ offline {3}/);
    assert.match(textWith({ state: "connecting", why: "refused" }), /^ ⠋ connecting: refused {2}/);
    assert.match(textWith({ state: "connecting" }), /^ ⠋ connecting {3}/);
  });

  test("has as many hints about keys as fit beside that, and none rather than a part of one", () => {
    const hints = (columns: number) => textWith({ state: "offline" }, columns).slice(" ○ offline".length).trim();
    assert.equal(hints(80), "F1 help  Ctrl-K go to  Ctrl-O file  Ctrl-T members");
    assert.equal(hints(64), "F1 help  Ctrl-K go to  Ctrl-O file  Ctrl-T members");
    assert.equal(hints(63), "F1 help  Ctrl-K go to");
    assert.equal(hints(35), "F1 help  Ctrl-K go to");
    assert.equal(hints(34), "F1 help");
    assert.equal(hints(21), "F1 help");
    assert.equal(hints(20), "");
    assert.equal(textWith(online, 20), " ● online  s1 · 12 …");
  });

  test("has no hint about what is bound to no key", () => {
    const session = chatSession();
    const line = statusLine({ ...session.chat, bindings: bindingsOf({ switch: [] }) }, 120);
    assert.match(textOfLine(line), / {2}F1 help {2}Ctrl-O file {2}Ctrl-T members {2}$/);
  });

  test("means what it shows", () => {
    assert.deepEqual(styled(lineWith({ ...online, waiting: 1 })).slice(0, 6), [
      "online on bar: ●",
      "text on bar: online",
      "unread on bar: 1 waiting",
      "dim on bar: s1 · 12 ms · random · epoch 1 · rsa-fernet",
      "key on bar: F1",
      "dim on bar: help",
    ]);
    assert.deepEqual(styled(lineWith({ state: "offline", why: "no" })).slice(0, 3), [
      "problem on bar: ○",
      "text on bar: offline",
      "dim on bar: : no",
    ]);
    assert.deepEqual(styled(lineWith({ state: "connecting", why: "no" })).slice(0, 3), [
      "unread on bar: ⠋",
      "text on bar: connecting",
      "dim on bar: : no",
    ]);
  });

  test("shows what just happened instead, and a problem as one", () => {
    const after = (event: Event) => {
      const { chat } = chatSession().hear(event);
      const line = statusLine(chat, 30);
      return [textOfLine(line), styled(line)];
    };
    assert.deepEqual(after({ kind: "news", text: "bob has\u001b joined." }), [
      " bob has␛ joined.             ",
      ["strong on bar: bob has␛ joined."],
    ]);
    assert.deepEqual(after({ kind: "failed", of: "other", text: "It failed." }), [
      " ! It failed.                 ",
      ["problem on bar: !", "problem on bar: It failed."],
    ]);
  });
});

test("a spinner has ten pictures, a tenth of a second each", () => {
  const round = Array.from({ length: 10 }, (_, at) => spinner(at * 100));
  assert.equal(round.join(""), "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏");
  assert.deepEqual([spinner(99), spinner(100), spinner(1000)], ["⠋", "⠙", "⠋"]);
});
