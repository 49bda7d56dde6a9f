import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "cborg";
import { encodeContent, parseContent, wordsOf } from "./content.ts";
import { sampleFile } from "./testing/sample-file.ts";

test("a text and a file come out as they went in", () => {
  for (const content of [{ kind: "text", text: "hello" } as const, sampleFile, { ...sampleFile, text: "look" }]) {
    const parsed = parseContent(encodeContent(content));
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.deepEqual(encodeContent(parsed.value), encodeContent(content));
    assert.equal(parsed.value.kind, content.kind);
  }
});

test("a file's description keeps its bounds", () => {
  const taken = (of: object) => parseContent(encode({ ...sampleFile, ...of })).ok;
  for (const good of [{ name: "x".repeat(255) }, { mediaType: "x".repeat(127) }, { size: 0 }, { size: 2 ** 53 - 1 }])
    assert.ok(taken(good), Object.keys(good).join());
  for (const bad of [
    { name: "x".repeat(256) },
    { mediaType: "x".repeat(128) },
    { size: -1 },
    { size: 0.5 },
    { attachment: Buffer.alloc(15) },
    { key: Buffer.alloc(33) },
    { hash: Buffer.alloc(31) },
    { surplus: 1 },
  ]) {
    assert.ok(!taken(bad), JSON.stringify(bad));
  }
});

test("a kind that is not known is refused, and so are bytes that are no content", () => {
  for (const other of [{ kind: "dance" }, { kind: "text" }, { kind: "text", text: 1 }, "hello"]) {
    assert.ok(!parseContent(encode(other)).ok, JSON.stringify(other));
  }
});

test("a text is found by its words, a file by its name and by what was written to it", () => {
  assert.equal(wordsOf({ kind: "text", text: "hello there" }), "hello there");
  assert.equal(wordsOf(sampleFile), "holiday.jpg");
  assert.equal(wordsOf({ ...sampleFile, text: "look" }), "holiday.jpg look");
});
