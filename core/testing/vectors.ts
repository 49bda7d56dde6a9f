import { readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../platform/project-root.ts";

/**
 * A file of test vectors. In it, `{"hex": …}` and `{"base64": …}` are byte strings and `{"u64": …}` is a 64-bit number in
 * decimal.
 */
export function readVectors(file: string): unknown {
  return JSON.parse(readFileSync(path.join(projectRoot, file), "utf8"));
}

/** The value that a file's JSON stands for. */
export function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  if ("hex" in value && typeof value.hex === "string") return Buffer.from(value.hex, "hex");
  if ("base64" in value && typeof value.base64 === "string") return Buffer.from(value.base64, "base64");
  if ("u64" in value && typeof value.u64 === "string") return BigInt(value.u64);
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, revive(of)]));
}

/** The JSON that stands for a value: what {@link revive} reads. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString("hex") };
  if (typeof value === "bigint") return { u64: String(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, plain(of)]));
}
