import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { notification } from "./notification.ts";

const escape = "\u001b";
const bell = "\u0007";

test("a notification rings, and says who wrote what in the terminal's way", () => {
  const of = { title: "cats", text: "bob: hello" };
  assert.equal(notification(of, { TERM: "xterm-256color" }), `${bell}${escape}]9;cats: bob: hello${bell}`);
  assert.equal(notification(of, { TERM: "foot" }), `${bell}${escape}]777;notify;cats;bob: hello${bell}`);
});

test("in tmux a notification passes to the terminal around it", () => {
  const of = { title: "cats", text: "hello" };
  const inside = notification(of, { TERM: "tmux-256color", TMUX: "/tmp/tmux" });
  assert.equal(inside, `${bell}${escape}Ptmux;${escape}${escape}]9;cats: hello${bell}${escape}\\`);
});

test("a title cannot be a command, or another field", () => {
  assert.equal(notification({ title: "4;1;50", text: "x" }, {}), `${bell}${escape}]9;“4;1;50”: x${bell}`);
  assert.equal(
    notification({ title: "a;b", text: "c;d" }, { TERM: "rxvt" }),
    `${bell}${escape}]777;notify;a,b;c;d${bell}`,
  );
});

test("no text of others ends the sequence, or is longer than a line", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.constantFrom(`${bell}${escape}]0;title`, "\u009c", "\n\r\n", "\ud800", "\u202e", `${escape}\\`),
  );
  fc.assert(
    fc.property(text, text, (title, body) => {
      const sequence = notification({ title, text: body }, {});
      const inside = sequence.slice(`${bell}${escape}]9;`.length, -1);
      assert.doesNotMatch(inside, /[\p{Cc}\p{Cs}\u202a-\u202e]/u);
      assert.ok(Array.from(inside).length <= 405);
    }),
  );
});
