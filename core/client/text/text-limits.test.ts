import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeContent } from "../../e2ee/content.ts";
import { rsaFernetPayloadBytes } from "../../e2ee/rsa-fernet.ts";
import { limits } from "../../wire/limits.ts";
import { contentRefusal, textBytesMax, textLengthMax, textRefusal, titleRefusal } from "./text-limits.ts";

test("a text and a title have a length at most, and what is longer is refused with a code and its bound", () => {
  assert.equal(textRefusal("x".repeat(textLengthMax)), undefined);
  assert.deepEqual(textRefusal("x".repeat(textLengthMax + 1)), {
    code: "payload_too_large",
    detail: "a message has at most 16384 characters; this one has 16385",
  });
  assert.equal(titleRefusal("x".repeat(200)), undefined);
  assert.deepEqual(titleRefusal("x".repeat(201)), {
    code: "title_too_long",
    detail: "a group's name has at most 200 characters",
  });
  assert.equal(titleRefusal(" \n")?.code, "title_invalid");
});

test("the longest text that is taken in fits into a message, whatever it consists of, and beside a file", () => {
  for (const character of ["x", "é", "話", "🧗"]) {
    const text = character.repeat(Math.floor(textBytesMax / Buffer.byteLength(character)));
    const name = "話".repeat(255);
    const [attachment, key, hash] = [new Uint8Array(16), new Uint8Array(32), new Uint8Array(32)];
    const about = { name, mediaType: "x".repeat(127), size: 2 ** 40, attachment, key, hash };
    const file = { kind: "file", ...about, text } as const;
    assert.equal(contentRefusal(file), undefined);
    assert.ok(rsaFernetPayloadBytes(encodeContent(file).length) <= limits.payloadBytesMax);
    assert.equal(contentRefusal({ text: text + character })?.code, "payload_too_large");
  }
  assert.equal(textRefusal("話".repeat(textLengthMax)), contentRefusal({ text: "話".repeat(textLengthMax) }));
});
