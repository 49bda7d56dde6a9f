import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type InputPart, InputParts } from "./input-parts.ts";

const escape = "\u001b";
const samples: readonly (readonly [input: string, part: InputPart])[] = [
  ["a", { kind: "text", text: "a" }],
  ["漢字😀", { kind: "text", text: "漢字😀" }],
  ["\r", { kind: "sequence", text: "\r" }],
  ["\u0011", { kind: "sequence", text: "\u0011" }],
  [`${escape}\r`, { kind: "key", name: "M-enter" }],
  [`${escape}[13;2u`, { kind: "key", name: "M-enter" }],
  [`${escape}g`, { kind: "sequence", text: `${escape}g` }],
  [`${escape}\u007f`, { kind: "sequence", text: `${escape}\u007f` }],
  [`${escape}[1;3B`, { kind: "sequence", text: `${escape}[1;3B` }],
  [`${escape}OP`, { kind: "sequence", text: `${escape}OP` }],
  [`${escape}[5~`, { kind: "sequence", text: `${escape}[5~` }],
  [`${escape}[[A`, { kind: "sequence", text: `${escape}[[A` }],
  [`${escape}[<0;3;4M`, { kind: "click", x: 2, y: 3 }],
  [`${escape}[<64;1;1M`, { kind: "wheel", x: 0, y: 0, up: true }],
  [`${escape}[<65;10;20M`, { kind: "wheel", x: 9, y: 19, up: false }],
];

/** Texts that follow each other are one, however they came. */
function joined(parts: readonly InputPart[]): InputPart[] {
  const all: InputPart[] = [];
  for (const part of parts) {
    const before = all.at(-1);
    if (part.kind === "text" && before?.kind === "text") all.splice(-1, 1, { ...part, text: before.text + part.text });
    else all.push(part);
  }
  return all;
}

test("each kind of input is recognised", () => {
  for (const [input, part] of samples) assert.deepEqual(new InputParts().push(input), [part], JSON.stringify(input));
});

test("input that is cut anywhere means the same", () => {
  const whole = fc.array(fc.constantFrom(...samples), { maxLength: 12 });
  fc.assert(
    fc.property(whole, fc.array(fc.nat(200)), (chosen, cuts) => {
      const input = chosen.map(([text]) => text).join("");
      const parts = new InputParts();
      const came: InputPart[] = [];
      let from = 0;
      for (const cut of [...cuts.toSorted((a, b) => a - b), input.length]) {
        came.push(...parts.push(input.slice(from, Math.max(from, cut))));
        from = Math.max(from, cut);
      }
      assert.deepEqual(joined(came), joined(chosen.map(([, part]) => part)));
    }),
  );
});

test("an escape is a key once nothing follows it, and one before a control key is a key at once", () => {
  const parts = new InputParts();
  assert.deepEqual([parts.push(escape), parts.isWaiting], [[], true]);
  assert.deepEqual(parts.flush(), [{ kind: "sequence", text: escape }]);
  assert.equal(parts.isWaiting, false);
  assert.deepEqual(parts.push(`${escape}\u0011`), [
    { kind: "sequence", text: escape },
    { kind: "sequence", text: "\u0011" },
  ]);
});

test("released buttons and a moving mouse mean nothing", () => {
  assert.deepEqual(new InputParts().push(`${escape}[<0;3;4m${escape}[<35;3;4M${escape}[<2;3;4M`), []);
});

test("any input is consumed to its end", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(escape, "[", "O", "200~", "<", ";", "M"))),
      (pieces) => {
        const parts = new InputParts();
        for (const piece of pieces) parts.push(piece);
        parts.push(`${escape}[201~`);
        while (parts.isWaiting) parts.flush();
        assert.deepEqual(parts.push("x"), [{ kind: "text", text: "x" }]);
      },
    ),
  );
});
