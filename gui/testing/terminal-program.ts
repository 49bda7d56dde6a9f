import { systemClock as clock } from "../../core/platform/clock.ts";
import { writeInEditor } from "../terminal/external-editor.ts";
import { Terminal } from "../terminal/terminal.ts";

/** Takes the terminal and obeys keys, so that tests can check the terminal afterwards. */
let row = 1;
const say = (text: string) => terminal.output.write(`\u001b[${row++};1H${text}`);

const terminal = new Terminal({
  stdin: process.stdin,
  stdout: process.stdout,
  clock,
  onItem: (item) => say(JSON.stringify(item)),
  onBack: () => say("back"),
  onEnd: (signal) => {
    process.stdout.write(`ended by ${signal}\n`);
  },
});
terminal.open();
terminal.output.write("\u001b[2J\u001b[?25l\u001b[?1003h\u001b[44m");
say(`ready ${process.pid}`);

const doings: Readonly<Record<string, () => unknown>> = {
  q: () => terminal.close(),
  x: () => process.exit(3),
  t: () => {
    throw new Error("thrown");
  },
  u: () => {
    process.on("uncaughtException", ({ message }) => {
      process.stderr.write(`printed: ${message}\n`);
      setImmediate(() => process.exit(1));
    });
    throw new Error("thrown");
  },
  r: () => void Promise.reject(new Error("rejected")),
  z: () => terminal.suspend(),
  e: async () => say(`wrote ${JSON.stringify(await writeInEditor("draft", terminal, process.env))}`),
};
terminal.input.on("data", (bytes: Buffer) => {
  const key = bytes.toString();
  say(`key ${JSON.stringify(key)}`);
  // Thrown outside of the stream, so that nobody catches it.
  setImmediate(() => doings[key]?.());
});
