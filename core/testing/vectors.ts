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

/** The value that is written down. */
export function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  const { hex, base64, u64 } = value as { hex?: string; base64?: string; u64?: string };
  if (hex !== undefined) return Buffer.from(hex, "hex");
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  if (u64 !== undefined) return BigInt(u64);
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, revive(of)]));
}

/** A value as it is written down. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString("hex") };
  if (typeof value === "bigint") return { u64: String(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, plain(of)]));
}
