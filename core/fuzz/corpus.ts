import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../platform/project-root.ts";

/** What a target has to make of an input; `found` is written by the fuzzer for what was thrown at, until it is mended. */
export type Verdict = "accepted" | "refused" | "found";

/** One line of a target's corpus: an input worth keeping, and what has to come of it. */
export interface CorpusEntry {
  readonly verdict: Verdict;
  readonly input: Uint8Array;
  /** Why it is there, if anybody said. */
  readonly note: string;
}

export const corpusDirectory = path.join(projectRoot, "core/fuzz/corpus");

const corpusFile = (name: string) => path.join(corpusDirectory, `${name}.txt`);
/** What stands for an input without bytes. */
const nothing = "-";

export function readCorpus(name: string): CorpusEntry[] {
  const file = corpusFile(name);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => parseLine(line, file));
}

function parseLine(line: string, file: string): CorpusEntry {
  const parsed = /^(accepted|refused|found) (-|(?:[0-9a-f]{2})+)(?: # (.*))?$/.exec(line);
  if (!parsed) throw new Error(`${file}: this line is no corpus entry: ${line.slice(0, 100)}`);
  const [, verdict, hex, note = ""] = parsed as unknown as [string, Verdict, string, string | undefined];
  return { verdict, input: hex === nothing ? new Uint8Array(0) : Buffer.from(hex, "hex"), note };
}

/** Answers the file. */
export function appendToCorpus(name: string, entries: readonly CorpusEntry[]): string {
  const lines = entries.map(({ verdict, input, note }) => {
    const hex = input.length === 0 ? nothing : Buffer.from(input).toString("hex");
    return `${verdict} ${hex}${note === "" ? "" : ` # ${note.replace(/\s+/g, " ").slice(0, 160)}`}\n`;
  });
  mkdirSync(corpusDirectory, { recursive: true });
  appendFileSync(corpusFile(name), lines.join(""));
  return corpusFile(name);
}
