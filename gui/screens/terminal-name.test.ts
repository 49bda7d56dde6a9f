import assert from "node:assert/strict";
import { test } from "node:test";
import { terminalName } from "./terminal-name.ts";

test("who has 256 colours gets them, also where the terminal's own description would be misread", () => {
  for (const TERM of [
    "xterm-256color",
    "screen-256color",
    "tmux-256color",
    "xterm-kitty",
    "alacritty",
    "foot",
    "xterm-direct",
  ]) {
    assert.equal(terminalName({ TERM }), "xterm-256color", TERM);
  }
  assert.equal(terminalName({ TERM: "screen", TMUX: "/tmp/tmux" }), "xterm-256color");
  assert.equal(terminalName({ TERM: "xterm", COLORTERM: "truecolor" }), "xterm-256color");
});

test("others get what every terminal takes", () => {
  for (const TERM of ["linux", "vt220", "xterm", "screen", ""]) assert.equal(terminalName({ TERM }), "xterm", TERM);
  assert.equal(terminalName({}), "xterm");
});
