import { z } from "zod";
import { type namedTypes, type WrittenType, writtenTypes } from "../fields.ts";
import type { ColdKind } from "../frame.ts";

/** A way to write down the types of fields: that of PROTOCOL.md's tables, or CDDL. */
export interface Notation {
  readonly bool: string;
  readonly float: string;
  readonly code: string;
  named(name: keyof typeof namedTypes): string;
  text(lengthMax: number | undefined): string;
  bytes(bounds: readonly [number, number] | undefined): string;
  literal(value: string): string;
  orNull(type: string): string;
  /** Any number of one type, or as many as the bound allows. */
  array(element: string, lengthMax: number | undefined): string;
  tuple(elements: readonly string[]): string;
  map(fields: readonly WrittenField[]): string;
}

export interface WrittenField {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** A kind byte as the documents write it: `0x0f`. */
export const kindByte = (code: number) => `0x${code.toString(16).padStart(2, "0")}`;

/** The frames of a direction with their names, in the order of their kinds. */
export const byCode = <Kind extends ColdKind>(frames: Readonly<Record<string, Kind>>) =>
  Object.entries(frames).toSorted(([, a], [, b]) => a.code - b.code);

/** The fields of a frame's body, from its schema. */
export function writtenFields(body: z.core.$ZodType, notation: Notation): WrittenField[] {
  if (!(body instanceof z.ZodObject)) throw new Error("a frame's body is a map");
  return Object.entries(body.shape).map(([name, field]) =>
    field instanceof z.ZodExactOptional
      ? { name, type: typeOf(field.unwrap(), notation), optional: true }
      : { name, type: typeOf(field, notation), optional: false },
  );
}

/** Throws for a kind of schema that it does not know: a new one is added here, and to the document's table of types. */
function typeOf(schema: z.core.$ZodType, notation: Notation): string {
  const written: WrittenType | undefined = writtenTypes.get(schema);
  if (written) return "name" in written ? notation.named(written.name) : notation.bytes(written.bytes);
  if (schema instanceof z.ZodPipe) return typeOf(schema.in, notation);
  if (schema instanceof z.ZodNullable) return notation.orNull(typeOf(schema.unwrap(), notation));
  if (schema instanceof z.ZodArray) return notation.array(typeOf(schema.element, notation), lengthMaxOf(schema));
  if (schema instanceof z.ZodTuple) return notation.tuple(schema.def.items.map((item) => typeOf(item, notation)));
  if (schema instanceof z.ZodObject) return notation.map(writtenFields(schema, notation));
  if (schema instanceof z.ZodString) return notation.text(schema.maxLength ?? undefined);
  if (schema instanceof z.ZodBoolean) return notation.bool;
  if (schema instanceof z.ZodLiteral) return notation.literal(String(schema.value));
  if (schema instanceof z.ZodEnum) return notation.code;
  if (schema instanceof z.ZodNumber && schema.format === null) return notation.float;
  if (schema instanceof z.ZodCustom) return notation.bytes(undefined);
  throw new Error(`no way to write down a ${schema instanceof z.ZodType ? schema.type : "schema"}`);
}

const lengthMaxOf = (schema: z.ZodArray) => z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }).maxItems;
