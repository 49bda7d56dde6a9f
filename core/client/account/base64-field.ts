import { z } from "zod";

/** A field of exactly so many bytes, which a file has as base64. */
export function base64Field(length: number) {
  return z.codec(
    z.base64(),
    z.custom<Uint8Array>(
      (value) => value instanceof Uint8Array && value.length === length,
      `${length} bytes are needed`,
    ),
    {
      decode: (text) => Buffer.from(text, "base64"),
      encode: (bytes) => Buffer.from(bytes).toString("base64"),
    },
  );
}
