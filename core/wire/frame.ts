import { encode } from "cborg";
import type { z } from "zod";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { readUint8 } from "./bytes.ts";
import { parseCbor } from "./cbor.ts";
import type { ErrorCode } from "./errors.ts";
import { limits } from "./limits.ts";

/** First byte of every frame. A peer that speaks another version is refused before anything else is read. */
export const protocolVersion = 1;

/** Version and kind: what every frame begins with. */
export const frameHeadBytes = 2;

/** Why a frame was refused: the code for the other side, and what exactly was wrong, for its log. */
export interface FrameFault {
  readonly code: Extract<ErrorCode, "malformed_frame" | "unknown_frame" | "unsupported_version" | "frame_too_large">;
  readonly detail: string;
}

export const malformed = (detail: string) => refused<FrameFault>({ code: "malformed_frame", detail });

/** The kind byte, if the frame begins as one of this version does. */
export function readFrameKind(bytes: Uint8Array): Parsed<number, FrameFault> {
  if (bytes.length < frameHeadBytes)
    return malformed(`a frame has at least ${frameHeadBytes} bytes, this one ${bytes.length}`);
  if (bytes.length > limits.frameBytesMax)
    return refused({
      code: "frame_too_large",
      detail: `a frame has at most ${limits.frameBytesMax} bytes, this one ${bytes.length}`,
    });
  if (bytes[0] !== protocolVersion)
    return refused({
      code: "unsupported_version",
      detail: `this is version ${protocolVersion}, the frame says ${bytes[0]}`,
    });
  return accepted(readUint8(bytes, 1));
}

/** A frame that is not on the hot path: its kind byte, and a schema for its CBOR body. */
export interface ColdKind {
  readonly code: number;
  readonly body: z.ZodType;
}

/** Those of one direction, by name. */
export type ColdTable = Readonly<Record<string, ColdKind>>;

export type ColdFrame<Table extends ColdTable> = {
  [Kind in keyof Table & string]: { readonly kind: Kind } & Unchanging<z.output<Table[Kind]["body"]>>;
}[keyof Table & string];

/** The type alone: zod's own `readonly` freezes what it is given, and a byte array cannot be frozen. */
type Unchanging<T> = T extends number | string | boolean | bigint | null | undefined | Uint8Array
  ? T
  : { readonly [Key in keyof T]: Unchanging<T[Key]> };

export interface ColdCodec<Table extends ColdTable> {
  encode(frame: ColdFrame<Table>): Uint8Array;
  /** Undefined when the kind byte is none of this table's. */
  parse(kindByte: number, bytes: Uint8Array): Parsed<ColdFrame<Table>, FrameFault> | undefined;
}

export function coldCodec<Table extends ColdTable>(table: Table): ColdCodec<Table> {
  const byCode = new Map(Object.entries(table).map(([kind, { code, body }]) => [code, { kind, body }]));
  if (byCode.size !== Object.keys(table).length) throw new Error("two frames share a kind byte");
  return {
    encode(frame) {
      const { kind, ...body } = frame as { readonly kind: keyof Table & string };
      const encoded = encode(body);
      const bytes = Buffer.allocUnsafe(frameHeadBytes + encoded.length);
      bytes[0] = protocolVersion;
      bytes[1] = (table[kind] as Table[string]).code;
      bytes.set(encoded, frameHeadBytes);
      return bytes;
    },
    parse(kindByte, bytes) {
      const entry = byCode.get(kindByte);
      if (!entry) return undefined;
      const body = parseCbor(bytes.subarray(frameHeadBytes), entry.body);
      if (!body.ok) return malformed(`${entry.kind}: ${body.reason}`);
      return accepted({ kind: entry.kind, ...(body.value as object) } as ColdFrame<Table>);
    },
  };
}
