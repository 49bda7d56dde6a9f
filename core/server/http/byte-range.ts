/** A range of bytes by the first and the last, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The range that a `Range` header asks of `length` bytes (RFC 9110 section 14.1.2).
 *
 * Undefined stands for all bytes: without a header, with several ranges, and with a header that has no range of bytes, which is
 * to be ignored (section 14.2). `unsatisfiable` is a range that has none of the bytes.
 */
export function byteRange(header: string | undefined, length: number): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const suffix = Math.min(Number(last), length);
    return suffix === 0 ? "unsatisfiable" : { start: length - suffix, end: length - 1 };
  }
  const start = Number(first);
  const end = last === "" ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return undefined;
  return start < length ? { start, end: Math.min(end, length - 1) } : "unsatisfiable";
}
