import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { notification, notificationOsc } from "./notification.ts";

test("a notification carries its text, and tmux hands it on", () => {
  const of = { title: "Alice", body: "hi; there" };
  assert.equal(notification(of, { osc: 9, isInTmux: false }), "\x1b]9;Alice: hi, there\x07");
  assert.equal(notification(of, { osc: 777, isInTmux: false }), "\x1b]777;notify;Alice;hi, there\x07");
  assert.equal(notification(of, { osc: 9, isInTmux: true }), "\x1bPtmux;\x1b\x1b]9;Alice: hi, there\x07\x1b\\");
});

test("nobody's name or text ends the notification or steers the terminal", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (title, body) => {
      for (const osc of [9, 777] as const) {
        const inside = notification({ title, body }, { osc, isInTmux: false }).slice(2, -1);
        assert.doesNotMatch(inside, /\p{Cc}/u);
        assert.equal(inside.split(";").length, osc === 9 ? 2 : 4);
      }
    }),
  );
});

test("each terminal gets the kind that it takes", () => {
  assert.equal(notificationOsc({ TERM_PROGRAM: "iTerm.app" }), 9);
  assert.equal(notificationOsc({ KITTY_WINDOW_ID: "1" }), 9);
  assert.equal(notificationOsc({ TERM: "foot" }), 777);
});
