/** Input from a terminal, cut into pieces with a meaning. */
export type InputPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "key"; readonly name: string }
  | { readonly kind: "click"; readonly x: number; readonly y: number }
  | { readonly kind: "wheel"; readonly x: number; readonly y: number; readonly up: boolean }
  /** A control character or an escape sequence, whole. */
  | { readonly kind: "sequence"; readonly text: string };

/** Enter with Alt or Shift: as xterm and kitty send it, and as terminals do that send an escape before the key. */
const enters: Readonly<Record<string, string>> = {
  "\u001b\r": "M-enter",
  "\u001b\n": "M-enter",
  "\u001b[13;2u": "M-enter",
  "\u001b[13;3u": "M-enter",
  "\u001b[27;2;13~": "M-enter",
  "\u001b[27;3;13~": "M-enter",
};

const escape = "\u001b";
const whole = new RegExp(
  `^(?:${escape}\\[M[^]{3}|${escape}\\[\\[[A-E]|${escape}+\\[[<=>?]?[\\d;]*[ -/]*[@-LN-Z\\\\-~^$]|${escape}\\[<[\\d;]*M|${escape}\\[[\\d;]+M|${escape}+O[A-Za-z]|${escape}(?:[^\\p{Cc}[O]|[\\r\\n\\b]|\u007f))`,
  "u",
);
const begun = new RegExp(`^(?:${escape}\\[M[^]{0,2}|${escape}+(?:\\[[\\[<=>?]?[\\d;]*[ -/]*|O)?)$`, "u");
const mouse = new RegExp(`^${escape}\\[<(\\d+);(\\d+);(\\d+)([Mm])$`);

/** Takes input in chunks of any size, and returns the parts that are complete. */
export class InputParts {
  #rest = "";

  /** Whether the input ends with an escape, which is either a key or the beginning of a sequence. */
  get isWaiting(): boolean {
    return this.#rest !== "";
  }

  push(text: string): InputPart[] {
    this.#rest += text;
    return this.#take();
  }

  /** Nothing more comes: an escape was the key. */
  flush(): InputPart[] {
    if (!this.isWaiting) return [];
    const [first = "", ...others] = this.#rest;
    this.#rest = "";
    return [{ kind: "sequence", text: first }, ...this.push(others.join(""))];
  }

  #take(): InputPart[] {
    const parts: InputPart[] = [];
    while (this.#rest !== "") {
      const rest = this.#rest;
      const found = rest.startsWith(escape) ? escaped(rest) : plain(rest);
      if (found === undefined) break;
      this.#rest = rest.slice(found.length);
      const part = partOf(found);
      if (part) parts.push(part);
    }
    return parts;
  }
}

/** The escape sequence at the beginning, or undefined while more of it may come. */
function escaped(text: string): string | undefined {
  const found = whole.exec(text)?.[0];
  if (found !== undefined) return found;
  return begun.test(text) ? undefined : escape;
}

function plain(text: string): string {
  return /^\P{Cc}+/u.exec(text)?.[0] ?? text.slice(0, 1);
}

/** Undefined for what has no meaning here: a released button, a moved mouse. */
function partOf(found: string): InputPart | undefined {
  const name = enters[found];
  if (name) return { kind: "key", name };
  const [, button, column, row, end] = mouse.exec(found) ?? [];
  if (button !== undefined) return mousePart(Number(button), Number(column) - 1, Number(row) - 1, end === "M");
  return /^\P{Cc}/u.test(found) ? { kind: "text", text: found } : { kind: "sequence", text: found };
}

/** Bits of a button (xterm, "Mouse Tracking"): 64 a wheel, 32 a movement, 3 which of them. */
function mousePart(button: number, x: number, y: number, isPress: boolean): InputPart | undefined {
  if (!isPress || (button & 32) !== 0) return undefined;
  if ((button & 64) !== 0) return (button & 3) < 2 ? { kind: "wheel", x, y, up: (button & 1) === 0 } : undefined;
  return (button & 3) === 0 ? { kind: "click", x, y } : undefined;
}
