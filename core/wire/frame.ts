import { encode } from "cborg";
import { z } from "zod";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { readUint8 } from "./bytes.ts";
import { parseCbor } from "./cbor.ts";
import type { ErrorCode } from "./errors.ts";
import { requestField } from "./fields.ts";
import { limits } from "./limits.ts";

/** First byte of every frame. A peer that speaks another version is refused before anything else is read. */
export const protocolVersion = 1;

/** Version and kind: what every frame begins with. */
export const frameHeadBytes = 2;

/** Why a frame was refused: the code for its sender, and what exactly was wrong, for the sender's log. */
export interface FrameFault {
  readonly code: Extract<ErrorCode, "malformed_frame" | "unknown_frame" | "unsupported_version" | "frame_too_large">;
  readonly detail: string;
  /** The number of the request that the frame is, where that much of it can be read. */
  readonly request?: number | undefined;
}

export const malformed = (detail: string) => refused<FrameFault>({ code: "malformed_frame", detail });

/** The kind byte, if the frame has this protocol's version and an allowed length. */
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

/** A kind of cold frame: its kind byte, and the schema of its CBOR body. */
export interface ColdKind {
  readonly code: number;
  readonly body: z.ZodType<object>;
}

/** The cold frames of one direction, by name. */
export type ColdTable = Readonly<Record<string, ColdKind>>;

export type ColdFrame<Table extends ColdTable> = {
  [Kind in keyof Table & string]: { readonly kind: Kind } & Unchanging<z.output<Table[Kind]["body"]>>;
}[keyof Table & string];

/** Read-only as a type: zod's own `readonly` would freeze the value, and a byte array cannot be frozen. */
type Unchanging<T> = T extends number | string | boolean | bigint | null | undefined | Uint8Array
  ? T
  : { readonly [Key in keyof T]: Unchanging<T[Key]> };

export interface ColdCodec<Table extends ColdTable> {
  encode(frame: ColdFrame<Table>): Uint8Array;
  /** Encodes a frame whose kind and body the caller has apart. */
  encodeBody(kind: keyof Table & string, body: object): Uint8Array;
  /** Undefined when the kind byte is none of this table's. */
  parse(kindByte: number, bytes: Uint8Array): Parsed<ColdFrame<Table>, FrameFault> | undefined;
}

export function coldCodec<Table extends ColdTable>(table: Table): ColdCodec<Table> {
  const byCode = new Map(Object.entries(table).map(([kind, { code, body }]) => [code, { kind, body }]));
  for (const [kind, { code }] of Object.entries(table)) {
    const other = byCode.get(code)?.kind;
    if (other !== kind) throw new Error(`the frames ${kind} and ${other} share the kind byte 0x${code.toString(16)}`);
  }
  const encodeBody = (kind: keyof Table & string, body: object) => {
    const known = table[kind];
    if (!known) throw new Error(`there is no frame ${kind}`);
    const encoded = encode(body);
    const bytes = Buffer.allocUnsafe(frameHeadBytes + encoded.length);
    bytes[0] = protocolVersion;
    bytes[1] = known.code;
    bytes.set(encoded, frameHeadBytes);
    return bytes;
  };
  return {
    encode: ({ kind, ...body }: { readonly kind: keyof Table & string }) => encodeBody(kind, body),
    encodeBody,
    parse(kindByte, bytes) {
      const entry = byCode.get(kindByte);
      if (!entry) return undefined;
      const body = parseCbor(bytes.subarray(frameHeadBytes), entry.body);
      if (!body.ok) {
        const detail = `${entry.kind}: ${body.reason}`;
        return refused({ code: "malformed_frame", detail, request: requestIn(bytes) });
      }
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema of this kind has just checked the body
      return accepted({ kind: entry.kind, ...body.value } as ColdFrame<Table>);
    },
  };
}

const numbered = z.looseObject({ request: requestField });

/** The number of the request that a cold frame is, if its body is a map in CBOR that has one. */
export function requestIn(bytes: Uint8Array): number | undefined {
  const body = parseCbor(bytes.subarray(frameHeadBytes), numbered);
  return body.ok ? body.value.request : undefined;
}
