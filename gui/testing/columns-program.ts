/** Prints each argument, asks the terminal in which column the cursor then is, and prints the answers last. */
const texts = process.argv.slice(2);
const columns: number[] = [];
const printNext = () => process.stdout.write(`\r\u001b[2K${texts[columns.length]}\u001b[6n`);
const answer = new RegExp("\\[\\d+;(\\d+)R", "g");
process.stdin.setRawMode(true);
process.stdin.on("data", (bytes) => {
  for (const [, column] of bytes.toString().matchAll(answer)) columns.push(Number(column) - 1);
  if (columns.length < texts.length) printNext();
  else {
    process.stdout.write(`\r\u001b[2Kcolumns ${JSON.stringify(columns)}`);
    process.exit();
  }
});
printNext();
