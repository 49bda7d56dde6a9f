/** More is no message; what is over it is dropped, and said to be. */
export const pasteBytesMax = 1024 * 1024;

export type TerminalInput =
  | { readonly kind: "keys"; readonly bytes: Buffer }
  | { readonly kind: "paste"; readonly text: string; readonly isCutOff: boolean };

const start = Buffer.from("\x1b[200~");
const end = Buffer.from("\x1b[201~");

/**
 * Tells what was pasted from what was typed, by the marks that a terminal with bracketed paste puts around it, so that lines
 * of a paste are not taken for so many Enters. The input may be cut at any byte, also within a mark.
 */
export class InputSplitter {
  /** What may turn out to be the beginning of a mark, or, within a paste, of its end. */
  #held = Buffer.alloc(0);
  #paste: Buffer[] | undefined;
  #pasteBytes = 0;

  /** Something waits for more: a mark, which comes at once or not at all, or a paste. */
  get waitsFor(): "mark" | "paste" | undefined {
    if (this.#paste) return "paste";
    return this.#held.length > 0 ? "mark" : undefined;
  }

  feed(bytes: Uint8Array): TerminalInput[] {
    const found: TerminalInput[] = [];
    let rest: Buffer = Buffer.concat([this.#held, bytes]);
    this.#held = Buffer.alloc(0);
    for (;;) {
      const mark = this.#paste ? end : start;
      const at = rest.indexOf(mark);
      const length = at >= 0 ? at : rest.length - beginningsAtEnd(rest, mark);
      const before = rest.subarray(0, length);
      if (this.#paste) this.#keep(before);
      else if (before.length > 0) found.push({ kind: "keys", bytes: before });
      rest = rest.subarray(length);
      if (at < 0) break;
      if (this.#paste) found.push(this.#endPaste());
      else this.#paste = [];
      rest = rest.subarray(mark.length);
    }
    this.#held = Buffer.from(rest);
    return found;
  }

  /** Nothing more has come for a while: an Escape was only the key, and a paste whose end got lost is over. */
  flush(): TerminalInput[] {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    if (this.#paste) {
      this.#keep(held);
      return [this.#endPaste()];
    }
    return held.length > 0 ? [{ kind: "keys", bytes: held }] : [];
  }

  #keep(bytes: Buffer): void {
    const room = Math.max(0, pasteBytesMax - this.#pasteBytes);
    if (room > 0 && bytes.length > 0) this.#paste?.push(Buffer.from(bytes.subarray(0, room)));
    this.#pasteBytes += bytes.length;
  }

  #endPaste(): TerminalInput {
    // Terminals send line breaks as the Enter key does.
    const text = Buffer.concat(this.#paste ?? [])
      .toString("utf8")
      .replace(/\r\n?/g, "\n");
    const isCutOff = this.#pasteBytes > pasteBytesMax;
    this.#paste = undefined;
    this.#pasteBytes = 0;
    return { kind: "paste", text, isCutOff };
  }
}

/** How many bytes at the end of these may be the beginning of a mark. */
function beginningsAtEnd(bytes: Buffer, mark: Buffer): number {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}
