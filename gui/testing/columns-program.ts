import { readFileSync, writeFileSync } from "node:fs";

/** Prints each line of a JSON file and asks the terminal in which column the cursor then is; writes the answers down. */
const [from, to] = process.argv.slice(2) as [string, string];
const lines = JSON.parse(readFileSync(from, "utf8")) as string[];
const columns: number[] = [];
const printNext = () => process.stdout.write(`\r\x1b[2K${lines[columns.length]}\x1b[6n`);
process.stdin.setRawMode(true);
process.stdin.on("data", (bytes) => {
  for (const [, column] of bytes.toString().matchAll(/\x1b\[\d+;(\d+)R/g)) columns.push(Number(column) - 1);
  if (columns.length < lines.length) return printNext();
  writeFileSync(to, JSON.stringify(columns));
  return process.exit();
});
printNext();
