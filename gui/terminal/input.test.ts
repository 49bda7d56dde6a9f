import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../core/testing/property-runs.ts";
import { endInput, type InputItem, noInput, pasteBytesMax, readInput } from "./input.ts";

const escape = "\u001b";

/** All that comes of these pieces, with neighbouring bytes as one. */
function read(...pieces: readonly (string | Uint8Array)[]): InputItem[] {
  let state = noInput;
  const items: InputItem[] = [];
  const add = (more: readonly InputItem[]) => {
    for (const item of more) {
      const last = items.at(-1);
      if (item.kind === "bytes" && last?.kind === "bytes") {
        items[items.length - 1] = { kind: "bytes", bytes: Buffer.concat([last.bytes, item.bytes]) };
      } else items.push(item);
    }
  };
  for (const piece of pieces) {
    const done = readInput(state, typeof piece === "string" ? Buffer.from(piece) : piece);
    ({ state } = done);
    add(done.items);
  }
  add(endInput(state).items);
  return items;
}

const bytes = (text: string): InputItem => ({ kind: "bytes", bytes: Buffer.from(text) });

test("keys and the mouse pass unchanged", () => {
  for (const text of [
    "hello",
    "é😀",
    `${escape}[A`,
    `${escape}[1;5C`,
    `${escape}OP`,
    `${escape}[<0;10;5M`,
    escape,
    `${escape}x`,
  ]) {
    assert.deepEqual(read(text), [bytes(text)]);
  }
});

test("pastes, focus and answers are taken out of the stream", () => {
  assert.deepEqual(read(`a${escape}[200~pasté\r\nb\rc${escape}[201~b`), [
    bytes("a"),
    { kind: "paste", text: "pasté\nb\nc" },
    bytes("b"),
  ]);
  assert.deepEqual(read(`${escape}[I${escape}[O`), [
    { kind: "focused", focused: true },
    { kind: "focused", focused: false },
  ]);
  assert.deepEqual(read(`${escape}_Gi=31;OK${escape}\\${escape}[6;20;10t${escape}[?62;4;22c`), [
    { kind: "answer", answer: { of: "kitty", keys: "i=31", message: "OK" } },
    { kind: "answer", answer: { of: "cell", width: 10, height: 20 } },
    { kind: "answer", answer: { of: "attributes", attributes: [62, 4, 22] } },
  ]);
});

test("a paste cannot control the terminal", () => {
  assert.deepEqual(read(`${escape}[200~a${escape}[31mb\u0007\u009bc\td${escape}[201~`), [
    { kind: "paste", text: "a[31mbc\td" },
  ]);
});

test("a paste without an end ends after a pause, and a huge one is cut", () => {
  assert.deepEqual(read(`${escape}[200~abc${escape}[20`), [{ kind: "paste", text: "abc[20" }]);
  const [item] = read(`${escape}[200~`, "x".repeat(pasteBytesMax), "y".repeat(100), `${escape}[201~`);
  assert.ok(item?.kind === "paste");
  assert.equal(item.text.length, pasteBytesMax);
  assert.ok(!item.text.includes("y"));
});

test("the key Escape is held back only until a pause", () => {
  const { state, items } = readInput(noInput, Buffer.from(escape));
  assert.deepEqual(items, []);
  assert.deepEqual(endInput(state).items, [bytes(escape)]);
});

test("an escape sequence is never passed on in parts", () => {
  const first = readInput(noInput, Buffer.from(`a${escape}[1;`));
  assert.deepEqual(first.items, [bytes("a")]);
  assert.deepEqual(readInput(first.state, Buffer.from("5C")).items, [bytes(`${escape}[1;5C`)]);
});

test("an unfinished answer does not swallow what is typed after it", () => {
  const text = `${escape}_G${"x".repeat(2000)}`;
  assert.deepEqual(read(text), [bytes(text)]);
});

test("input cut at any byte means the same", () => {
  const piece = fc.constantFrom(
    ...["a", "é😀", escape, `${escape}[A`, `${escape}[I`, `${escape}[O`, `${escape}OP`, `${escape}[<0;10;5M`],
    ...[`${escape}[200~`, `${escape}[201~`, `${escape}[20`, `${escape}[200~é\r\n${escape}[2${escape}[201~`],
    ...[`${escape}_Gi=31;OK${escape}\\`, `${escape}_G`, `${escape}[?62;4c`, `${escape}[6;20;10t`, "\u0003", "\r"],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(200)), (pieces, cuts) => {
      const whole = Buffer.from(pieces.join(""));
      const places = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
      const cut = places.slice(1).map((to, at) => whole.subarray(places[at], to));
      assert.deepEqual(read(...cut), read(whole));
      assert.deepEqual(read(...Array.from(whole, (byte) => Uint8Array.of(byte))), read(whole));
    }),
    propertyRuns(1000),
  );
});
