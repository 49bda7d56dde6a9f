import type { Result } from "../platform/result.ts";

/** A parser of bytes from outside, as the fuzzer sees it. It is listed in a `*.fuzz.ts` beside the parser. */
export interface FuzzTarget {
  /** What it reads; its corpus is the file of this name. */
  readonly name: string;
  /** Largest input that reaches the parser: what is in front of it lets no more through. */
  readonly bytesMax: number;
  /** Inputs to begin with, most of which the parser takes. The same at each call, or a seed would not replay. */
  seeds(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /**
   * Parses, and says what came of it. Whatever it throws is a finding, so it also checks what must hold of all that is
   * taken, and turns refusals that are documented as exceptions into values.
   */
  run(bytes: Uint8Array): Result<unknown, unknown> | Promise<Result<unknown, unknown>>;
  /** Where CBOR begins, for mutations that keep its form. */
  readonly cborFrom?: number;
  /** What means something to the parser, to be put in anywhere. */
  readonly words?: readonly (string | Uint8Array)[];
  /** Inputs of about as many bytes that could be expensive, by what makes them so. */
  readonly growth?: Readonly<Record<string, (bytes: number) => Uint8Array>>;
  /** Memory that each byte of an input may take; more for files of one's own, where each wrong element is complained of. */
  readonly heapBytesPerByteMax?: number;
}

/** Longest refusal, in characters: whoever sends nonsense must not have books written about it. */
const refusalCharsMax = 2000;

/** What came of one input. */
export interface Outcome {
  readonly accepted: boolean;
  /** The same for inputs that took the same way through the parser, as far as its words tell. */
  readonly way: string;
}

/** Runs a target on an input; rejects when that is a finding. */
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
  const kind = (value as { readonly kind?: unknown } | undefined)?.kind;
  return typeof kind === "string" ? kind : "";
}

function textOf(reason: unknown): string {
  if (typeof reason === "string") return reason;
  const { code = "", detail = "" } = reason as { readonly code?: string; readonly detail?: string };
  return `${code} ${detail}`;
}

/** A refusal without the numbers, names and bytes that are this input's alone. */
function wayOf(said: string): string {
  return said
    .slice(0, 300)
    .replace(/"[^"]*"?|'[^']*'?/g, "…")
    .replace(/0x[0-9a-f]+|\d+/gi, "0")
    .replace(/[^ -~]+/g, "?")
    .slice(0, 100);
}
