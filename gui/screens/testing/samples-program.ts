import { readFileSync } from "node:fs";
import blessed from "blessed";
import { Cells } from "../text/cells.ts";
import { harmlessLine } from "../text/harmless.ts";

/**
 * Draws the lines of a JSON file in a box of 40 columns, as they are and then once more after a change, with a cell of true
 * colour beside the box.
 */
const lines = JSON.parse(readFileSync(process.argv[2] as string, "utf8")) as string[];
const screen = blessed.screen({ fullUnicode: true, smartCSR: true, terminal: "xterm-256color", forceUnicode: true });
const cells = new Cells();
cells.attach(screen);
const content = (marked: string) => lines.map((line) => cells.encode(harmlessLine(line) + marked)).join("\n");
const box = blessed.box({ parent: screen, width: 40, height: lines.length + 2, border: "line", tags: true });
box.setContent(content("?"));
const cell = cells.styled("▀", "\x1b[38;2;1;2;3;48;2;200;100;50m");
blessed.box({ parent: screen, left: 42, width: 3, height: 1, content: `<${cell}>` });
screen.render();
setTimeout(() => {
  box.setContent(content("!"));
  screen.render();
}, 50);
setInterval(() => {}, 1000);
