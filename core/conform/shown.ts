const textMax = 300;

/** A frame, or any other value, in a few words for people: byte strings by their lengths. */
export function shown(value: unknown): string {
  if (value instanceof Uint8Array) return bytesShown(value);
  const text = JSON.stringify(value, (_key, of: unknown) => {
    if (typeof of === "bigint") return String(of);
    if (of instanceof Uint8Array) return bytesShown(of);
    // `Buffer` is an object for JSON before the replacer sees it.
    if (isBufferJson(of)) return bytesShown(Buffer.from(of.data));
    return of;
  });
  if (text === undefined) return "nothing";
  return text.length <= textMax ? text : `${text.slice(0, textMax)}…`;
}

function bytesShown(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, 8)).toString("hex");
  return bytes.length <= 8 ? `bytes ${hex}` : `${bytes.length} bytes ${hex}…`;
}

function isBufferJson(value: unknown): value is { readonly data: readonly number[] } {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    value.type === "Buffer" &&
    "data" in value &&
    Array.isArray(value.data)
  );
}
