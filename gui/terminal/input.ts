/** Input from a terminal: keys and the mouse as bytes, and everything else recognised. */
export type InputItem =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: "focused"; readonly focused: boolean }
  | { readonly kind: "answer"; readonly answer: TerminalAnswer };

/** What a terminal answers when it is asked. */
export type TerminalAnswer =
  /** Primary device attributes (DEC VT510, DA1): 4 among them is Sixel. */
  | { readonly of: "attributes"; readonly attributes: readonly number[] }
  /** Kitty's graphics protocol. */
  | { readonly of: "kitty"; readonly keys: string; readonly message: string }
  /** A cell's size in pixels (xterm, CSI 16 t). */
  | { readonly of: "cell"; readonly width: number; readonly height: number };

/** A sequence or a paste that has begun and not ended. Strings hold bytes, as latin1. */
export interface InputState {
  readonly rest: string;
  readonly pasted: string | undefined;
}

export const noInput: InputState = { rest: "", pasted: undefined };

/** The rest of a longer paste is dropped. */
export const pasteBytesMax = 1024 * 1024;

interface Read {
  readonly state: InputState;
  readonly items: readonly InputItem[];
}

/** Takes input in chunks of any size, and returns the items that are whole. */
export function readInput(state: InputState, chunk: Uint8Array): Read {
  let rest = state.rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
  let { pasted } = state;
  const items: InputItem[] = [];
  let plain = "";
  const add = (item: InputItem | undefined) => {
    if (plain !== "") items.push({ kind: "bytes", bytes: Buffer.from(plain, "latin1") });
    plain = "";
    if (item) items.push(item);
  };
  while (rest !== "") {
    if (pasted !== undefined) {
      const end = rest.indexOf(pasteEnd);
      const kept = end < 0 ? endBegun(rest) : 0;
      const until = end < 0 ? rest.length - kept : end;
      pasted = (pasted + rest.slice(0, until)).slice(0, pasteBytesMax);
      rest = end < 0 ? rest.slice(until) : rest.slice(end + pasteEnd.length);
      if (end < 0) break;
      add(pasteItem(pasted));
      pasted = undefined;
      continue;
    }
    const at = rest.indexOf(escape);
    plain += at < 0 ? rest : rest.slice(0, at);
    rest = at < 0 ? "" : rest.slice(at);
    if (rest === "" || begun.test(rest)) break;
    const sequence = whole.exec(rest)?.[0] ?? escape;
    rest = rest.slice(sequence.length);
    if (sequence === pasteBegin) {
      add(undefined);
      pasted = "";
    } else if (sequence !== pasteEnd) {
      const item = itemOf(sequence);
      if (item) add(item);
      else plain += sequence;
    }
  }
  add(undefined);
  return { state: { rest, pasted }, items };
}

/** After a pause: an escape that is alone was the key Escape, and a paste without an end has ended. */
export function endInput({ rest, pasted }: InputState): Read {
  if (pasted !== undefined) return { state: noInput, items: [pasteItem((pasted + rest).slice(0, pasteBytesMax))] };
  return { state: noInput, items: rest === "" ? [] : [{ kind: "bytes", bytes: Buffer.from(rest, "latin1") }] };
}

const escape = "\u001b";
const pasteBegin = `${escape}[200~`;
const pasteEnd = `${escape}[201~`;
const csi = `${escape}\\[[0-?]{0,64}[ -/]{0,4}`;
const kitty = `${escape}_G[ -~]{0,512}`;
/** An escape sequence, whole (ECMA-48, section 5.4), and what may become one. */
const whole = new RegExp(`^(?:${csi}[@-~]|${kitty}${escape}\\\\|${escape}O[ -~])`);
const begun = new RegExp(`^(?:${escape}|${csi}|${escape}_|${kitty}${escape}?|${escape}O)$`);
const answers = {
  attributes: new RegExp(`^${escape}\\[\\?([\\d;]*)c$`),
  kitty: new RegExp(`^${escape}_G([^;]*);?([ -~]*)${escape}\\\\$`),
  cell: new RegExp(`^${escape}\\[6;(\\d{1,5});(\\d{1,5})t$`),
};

function itemOf(sequence: string): InputItem | undefined {
  if (sequence === `${escape}[I` || sequence === `${escape}[O`)
    return { kind: "focused", focused: sequence.endsWith("I") };
  const attributes = answers.attributes.exec(sequence)?.[1];
  if (attributes !== undefined) return answered({ of: "attributes", attributes: attributes.split(";").map(Number) });
  const [, keys, message = ""] = answers.kitty.exec(sequence) ?? [];
  if (keys !== undefined) return answered({ of: "kitty", keys, message });
  const [, height, width] = answers.cell.exec(sequence) ?? [];
  return height === undefined ? undefined : answered({ of: "cell", width: Number(width), height: Number(height) });
}

const answered = (answer: TerminalAnswer): InputItem => ({ kind: "answer", answer });

/** How many characters at the end of `text` may be the beginning of the sequence that ends a paste. */
function endBegun(text: string): number {
  const longest = Math.min(text.length, pasteEnd.length - 1);
  for (let length = longest; length > 0; length--) if (text.endsWith(pasteEnd.slice(0, length))) return length;
  return 0;
}

/** A paste with line feeds as line ends, and without control characters other than tabs. */
function pasteItem(latin1: string): InputItem {
  const text = Buffer.from(latin1, "latin1").toString("utf8");
  return { kind: "paste", text: text.replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n\t]/gu, "") };
}
