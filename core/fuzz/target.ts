import type { Result } from "../platform/result.ts";

/** A parser of bytes from outside, as the fuzzer sees it. It is listed in a `*.fuzz.ts` beside the parser. */
export interface FuzzTarget {
  /** What it reads; its corpus is the file of this name. */
  readonly name: string;
  /** Length of the largest input that reaches the parser: the code before it lets no larger one through. */
  readonly bytesMax: number;
  /** Inputs to begin with, most of which the parser accepts. The same at each call, or a seed would not replay. */
  seeds(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /**
   * Parses, and answers the outcome. Anything that it throws is a finding. So it also checks what must hold of every accepted
   * input, and turns refusals that are documented as exceptions into values.
   */
  run(bytes: Uint8Array): Result<unknown, unknown> | Promise<Result<unknown, unknown>>;
  /** Where the input's CBOR begins, for mutations that keep its form. */
  readonly cborFrom?: number;
  /** Pieces that mean something to the parser; mutations put them anywhere. */
  readonly words?: readonly (string | Uint8Array)[];
  /** Makers of inputs of about so many bytes, by what could make the input expensive. */
  readonly growth?: Readonly<Record<string, (bytes: number) => Uint8Array>>;
  /** Memory that each byte of an input may take; more for a user's own files, where each wrong element gets a complaint. */
  readonly heapBytesPerByteMax?: number;
}

/** Longest refusal, in characters: an attacker must not fill logs by sending nonsense. */
const refusalCharsMax = 2000;

/** The outcome of one input. */
export interface Outcome {
  readonly accepted: boolean;
  /** The same text for inputs that took the same way through the parser, as far as its result shows. */
  readonly way: string;
}

/** Runs a target on an input; rejects when the input is a finding. */
export async function outcomeOf(target: FuzzTarget, input: Uint8Array): Promise<Outcome> {
  const before = Buffer.from(input);
  const ran = target.run(input);
  const parsed = ran instanceof Promise ? await ran : ran;
  if (!before.equals(input)) throw new Error("the parser has changed its input");
  if (parsed.ok) return { accepted: true, way: `accepted ${kindOf(parsed.value)}` };
  const said = textOf(parsed.reason);
  if (said.length > refusalCharsMax) {
    throw new Error(`a refusal of ${said.length} characters for ${input.length} bytes: ${said.slice(0, 200)}…`);
  }
  return { accepted: false, way: wayOf(said) };
}

function kindOf(value: unknown): string {
  if (typeof value === "string") return wayOf(value);
  return textField(value, "kind");
}

function textOf(reason: unknown): string {
  if (typeof reason === "string") return reason;
  return `${textField(reason, "code")} ${textField(reason, "detail")}`;
}

/** A field of a parser's result; empty where the result has no such text. */
function textField(result: unknown, name: string): string {
  const value: unknown = typeof result === "object" && result !== null ? Reflect.get(result, name) : undefined;
  return typeof value === "string" ? value : "";
}

/** A refusal without the numbers, names and bytes of this one input. */
function wayOf(said: string): string {
  return said
    .slice(0, 300)
    .replace(/"[^"]*"?|'[^']*'?/g, "…")
    .replace(/0x[0-9a-f]+|\d+/gi, "0")
    .replace(/[^ -~]+/g, "?")
    .slice(0, 100);
}
