import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../platform/project-root.ts";

/** The expected outcome of an input; `found` is the fuzzer's for an input that made the parser throw, until that is mended. */
export type Verdict = (typeof verdicts)[number];
const verdicts = ["accepted", "refused", "found"] as const;

/** One line of a target's corpus: an input worth keeping, and its expected outcome. */
export interface CorpusEntry {
  readonly verdict: Verdict;
  readonly input: Uint8Array;
  /** Why the input is kept; empty if the line does not say. */
  readonly note: string;
}

export const corpusDirectory = path.join(projectRoot, "core/fuzz/corpus");

const corpusFile = (name: string) => path.join(corpusDirectory, `${name}.txt`);
/** The text for an input without bytes. */
const nothing = "-";

export function readCorpus(name: string): CorpusEntry[] {
  const file = corpusFile(name);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => parseLine(line, file));
}

function parseLine(line: string, file: string): CorpusEntry {
  const [, word, hex, note = ""] = /^(\w+) (-|(?:[0-9a-f]{2})+)(?: # (.*))?$/.exec(line) ?? [];
  const verdict = verdicts.find((known) => known === word);
  if (verdict === undefined || hex === undefined) {
    throw new Error(`${file}: this line is no corpus entry: ${line.slice(0, 100)}`);
  }
  return { verdict, input: hex === nothing ? new Uint8Array(0) : Buffer.from(hex, "hex"), note };
}

/** Appends lines to a target's corpus, and answers its file. */
export function appendToCorpus(name: string, entries: readonly CorpusEntry[]): string {
  const lines = entries.map(({ verdict, input, note }) => {
    const hex = input.length === 0 ? nothing : Buffer.from(input).toString("hex");
    return `${verdict} ${hex}${note === "" ? "" : ` # ${note.replace(/\s+/g, " ").slice(0, 160)}`}\n`;
  });
  mkdirSync(corpusDirectory, { recursive: true });
  appendFileSync(corpusFile(name), lines.join(""));
  return corpusFile(name);
}
