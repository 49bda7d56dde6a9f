import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { ReadStream } from "node:tty";
import fc from "fast-check";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { InputSplitter, pasteBytesMax, type TerminalInput } from "./input-splitter.ts";
import { KeyStream, type Paste } from "./key-stream.ts";

/** Keys together, wherever they were cut. */
function joined(inputs: readonly TerminalInput[]): (string | { readonly paste: string })[] {
  const found: (string | { readonly paste: string })[] = [];
  for (const input of inputs) {
    const last = found[found.length - 1];
    if (input.kind === "paste") found.push({ paste: input.text });
    else if (typeof last === "string") found[found.length - 1] = last + input.bytes.toString("latin1");
    else found.push(input.bytes.toString("latin1"));
  }
  return found;
}

const keys = fc.constantFrom(
  "a",
  "\r",
  "\x1b",
  "\x1b[A",
  "\x1b[2~",
  "\x1b[20~",
  "\x1b[<0;1;1M",
  "\x1b[",
  "\x1b[200",
  "\xff",
);
const pasted = fc.constantFrom("text", "\n", "日本", "\x1b[A", "\x1b[201", "\x1b", "é", "\x1b[200~");

test("pastes are told from keys wherever the input is cut", () => {
  const sent = fc.array(
    fc.oneof(
      keys,
      fc.array(pasted, { maxLength: 4 }).map((of) => ({ paste: of.join("") })),
    ),
    {
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(sent, fc.array(fc.nat(), { maxLength: 12 }), (parts, cuts) => {
      // A key that is the beginning of a mark, before a paste, is a mark that was sent twice.
      const bytes = Buffer.concat(
        parts.map((part) =>
          typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(`\x1b[200~${part.paste}\x1b[201~`),
        ),
      );
      const splitter = new InputSplitter();
      const found: TerminalInput[] = [];
      const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
        (a, b) => a - b,
      );
      places.forEach((place, n) => void found.push(...splitter.feed(bytes.subarray(place, places[n + 1] ?? place))));
      found.push(...splitter.flush());
      const expected: (string | { readonly paste: string })[] = [];
      for (const part of parts) {
        const last = expected.length - 1;
        if (typeof part === "string" && typeof expected[last] === "string") expected[last] = expected[last] + part;
        else expected.push(part);
      }
      assert.deepEqual(joined(found), expected);
      assert.equal(splitter.waitsFor, undefined);
    }),
    { numRuns: 2000 },
  );
});

test("a paste of many lines is one, with the line breaks that a text has", () => {
  const found = new InputSplitter().feed(Buffer.from("\x1b[200~one\rtwo\r\nthree\nfour\x1b[201~\r"));
  assert.deepEqual(joined(found), [{ paste: "one\ntwo\nthree\nfour" }, "\r"]);
});

test("an endless paste takes no endless memory, and says that it is cut off", () => {
  const splitter = new InputSplitter();
  splitter.feed(Buffer.from("\x1b[200~"));
  const piece = Buffer.alloc(50_000, "x");
  for (let sent = 0; sent < 3 * pasteBytesMax; sent += piece.length) splitter.feed(piece);
  const [paste] = splitter.feed(Buffer.from("\x1b[201~"));
  assert.ok(paste?.kind === "paste" && paste.isCutOff);
  assert.equal(paste.text.length, pasteBytesMax);
});

function keyStream(typed?: Uint8Array) {
  const clock = new FakeClock();
  const terminal = new PassThrough();
  const pastes: Paste[] = [];
  const of = { clock, onPaste: (paste: Paste) => void pastes.push(paste), ...(typed ? { typed } : {}) };
  const stream = new KeyStream(terminal as unknown as ReadStream, of);
  let text = "";
  stream.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
  });
  return { clock, terminal, pastes, typed: () => text };
}

test("an Escape is a key once nothing has followed for a moment", async () => {
  const { clock, terminal, typed } = keyStream();
  terminal.write("\x1b");
  await clock.advance(30);
  assert.equal(typed(), "");
  await clock.advance(20);
  assert.equal(typed(), "\x1b");
  terminal.write("[A");
  await clock.advance(0);
  assert.equal(typed(), "\x1b[A");
});

test("a paste whose end got lost does not swallow the keyboard", async () => {
  const { clock, terminal, pastes, typed } = keyStream();
  terminal.write("\x1b[200~lost");
  await clock.advance(1000);
  assert.deepEqual(pastes, []);
  await clock.advance(1500);
  terminal.write("a");
  await clock.advance(0);
  assert.deepEqual([pastes.map(({ text }) => text), typed()], [["lost"], "a"]);
});

test("what was typed before the client listened comes first", async () => {
  const { clock, terminal, typed } = keyStream(Buffer.from("hel"));
  terminal.write("lo");
  await clock.advance(0);
  assert.equal(typed(), "hello");
});
