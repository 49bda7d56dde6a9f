import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { projectRoot } from "../../platform/project-root.ts";
import { clientFrames, linkFrames, serverFrames } from "../../testing/arbitrary-frames.ts";
import { coldClientFrames } from "../client-frame.ts";
import { anyBytesField, namedTypes, writtenTypes } from "../fields.ts";
import type { ColdTable } from "../frame.ts";
import { coldLinkFrames } from "../link-frame.ts";
import { coldServerFrames } from "../server-frame.ts";
import { framesCddl } from "./cddl.ts";
import { withFrameTables } from "./frame-tables.ts";
import { type Notation, writtenFields } from "./written-fields.ts";

/** A schema and every schema within it. */
function schemasIn(schema: z.core.$ZodType): z.core.$ZodType[] {
  const inner: readonly z.core.$ZodType[] =
    schema instanceof z.ZodObject
      ? Object.values(schema.shape)
      : schema instanceof z.ZodArray
        ? [schema.element]
        : schema instanceof z.ZodTuple
          ? schema.def.items
          : schema instanceof z.ZodExactOptional || schema instanceof z.ZodNullable
            ? [schema.unwrap()]
            : schema instanceof z.ZodPipe
              ? [schema.in]
              : [];
  return [schema, ...inner.flatMap(schemasIn)];
}

const directions: readonly (readonly [string, ColdTable, Readonly<Record<string, fc.Arbitrary<object>>>])[] = [
  ["client", coldClientFrames, clientFrames],
  ["server", coldServerFrames, serverFrames],
  ["link", coldLinkFrames, linkFrames],
];

/** Writes a type by its name alone. */
const plainNotation: Notation = {
  bool: "bool",
  float: "float",
  code: "code",
  named: (name) => name,
  text: () => "text",
  bytes: () => "bytes",
  literal: (value) => value,
  orNull: (type) => type,
  array: (element) => element,
  tuple: (elements) => elements.join(),
  map: (fields) => fields.map(({ name }) => name).join(),
};

suite("what the document says of fields", () => {
  test("frames.cddl is what `npm run protocol` writes", () => {
    assert.equal(readFileSync(path.join(projectRoot, "core/wire/frames.cddl"), "utf8"), framesCddl());
  });

  for (const [direction, frames, samples] of directions) {
    for (const [kind, { body }] of Object.entries(frames)) {
      test(`a ${direction}'s ${kind} keeps the bounds that are written down`, () => {
        for (const schema of schemasIn(body)) {
          const written = writtenTypes.get(schema);
          const taken = (value: unknown) => z.safeParse(schema, value).success;
          if (written && "name" in written) {
            const [from, to] = namedTypes[written.name];
            for (const good of [from, to]) assert.ok(taken(good), `${written.name} ${good}`);
            for (const bad of [from - 1, to + 1, from + 0.5, "1", null])
              assert.ok(!taken(bad), `${written.name} ${bad}`);
          } else if (written) {
            const [from, to] = written.bytes;
            for (const good of [from, to]) assert.ok(taken(new Uint8Array(good)), `${good} bytes`);
            for (const bad of [from - 1, to + 1].filter((length) => length >= 0)) {
              assert.ok(!taken(new Uint8Array(bad)), `${bad} bytes`);
            }
            for (const bad of ["", null]) assert.ok(!taken(bad));
          }
        }
      });

      test(`a ${direction}'s ${kind} has these fields and no others`, () => {
        assert.ok(body instanceof z.ZodObject);
        const shape: Readonly<Record<string, z.core.$ZodType>> = body.shape;
        const sample = samples[kind] ?? assert.fail(`no sample of ${kind}`);
        for (const fields of fc.sample(sample, { seed: 1, numRuns: 20 })) {
          assert.ok(body.safeParse(fields).success);
          assert.ok(!body.safeParse({ ...fields, surplus: 1 }).success, "a field too many");
          for (const [name, field] of Object.entries(shape)) {
            const without = Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
            assert.equal(body.safeParse(without).success, field instanceof z.ZodExactOptional, `without ${name}`);
            assert.ok(!body.safeParse({ ...fields, [name]: undefined }).success, `${name} is there, but undefined`);
            assert.ok(!body.safeParse({ ...fields, [name]: { no: "field" } }).success, `${name} of another type`);
          }
        }
      });
    }
  }

  test("a schema that nobody has said how to write down stops `npm run protocol`", () => {
    const written = (body: z.ZodType) => () => writtenFields(body, plainNotation);
    assert.deepEqual(written(z.strictObject({ share: z.number(), of: anyBytesField.exactOptional() }))(), [
      { name: "share", type: "float", optional: false },
      { name: "of", type: "bytes", optional: true },
    ]);
    assert.throws(written(z.string()), { message: "a frame's body is a map" });
    assert.throws(written(z.strictObject({ at: z.date() })), { message: "no way to write down a date" });
    assert.throws(written(z.strictObject({ count: z.number().int() })), { message: "no way to write down a number" });
  });

  test("a document without the marks of its tables is named", () => {
    assert.throws(() => withFrameTables("no tables"), /PROTOCOL\.md/);
  });
});
