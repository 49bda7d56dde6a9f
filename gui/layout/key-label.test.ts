import assert from "node:assert/strict";
import { test } from "node:test";
import { firstKey, keyLabel } from "./key-label.ts";

test("keys are called as people call them", () => {
  for (const [key, label] of [
    ["C-q", "Ctrl-Q"],
    ["M-k", "Alt-K"],
    ["S-tab", "Shift-Tab"],
    ["M-up", "Alt-↑"],
    ["S-down", "Shift-↓"],
    ["C-left", "Ctrl-←"],
    ["M-right", "Alt-→"],
    ["pageup", "PgUp"],
    ["pagedown", "PgDn"],
    ["escape", "Esc"],
    ["delete", "Del"],
    ["enter", "Enter"],
    ["f1", "F1"],
    ["r", "R"],
    ["C-M-x", "Ctrl-Alt-X"],
    ["-", "-"],
    ["xC-q", "XC-q"],
  ] as const)
    assert.equal(keyLabel(key), label);
});

test("a hint names the first key of an action", () => {
  assert.equal(firstKey(["C-t", "f2"]), "Ctrl-T");
});

test("a hint about an action that the user has bound to no key says so", () => {
  assert.equal(firstKey([]), "no key");
});
