import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { kittyDelete, kittyShow } from "./kitty.ts";
import { sixelShow } from "./sixel.ts";

const escape = "\u001b";
/** Does not pack: each byte follows from the one before, without any order to be seen. */
function noise(width: number, height: number) {
  let state = 1;
  const pixels = Uint8Array.from({ length: width * height * 4 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { width, height, pixels };
}

test("a picture goes to Kitty in pieces that it takes, and comes out as it was", () => {
  const picture = noise(60, 40);
  const sequence = kittyShow(picture, { id: 7, row: 4, column: 9, columns: 30, rows: 10 });
  assert.ok(sequence.startsWith(`${escape}7${escape}[5;10H`) && sequence.endsWith(`${escape}8`));
  const commands = [...sequence.matchAll(new RegExp(`${escape}_G([^;]*);([^${escape}]*)${escape}\\\\`, "g"))];
  assert.ok(commands.length > 1);
  assert.equal(commands[0]?.[1], "a=T,f=32,o=z,s=60,v=40,i=7,p=1,c=30,r=10,C=1,q=2,m=1");
  for (const [at, [, keys = "", payload = ""]] of commands.entries()) {
    assert.ok(payload.length <= 4096 && (at === commands.length - 1 || payload.length % 4 === 0));
    assert.match(keys, at === commands.length - 1 ? /\bm=0\b/ : /\bm=1\b/);
  }
  const sent = commands.map(([, , payload]) => payload).join("");
  assert.deepEqual(new Uint8Array(inflateSync(Buffer.from(sent, "base64"))), picture.pixels);
});

test("a picture is taken from a Kitty by its name", () => {
  assert.equal(kittyDelete(7), `${escape}_Ga=d,d=I,i=7,q=2${escape}\\`);
});

/** What a terminal would draw, as colours of xterm's palette; the parts of Sixel that are used here. */
function sixelPixels(drawn: string): { width: number; height: number; colours: Map<string, string> } {
  const [, width = 0, height = 0] = (/"1;1;(\d+);(\d+)/.exec(drawn) ?? []).map(Number);
  const palette = new Map<string, string>();
  const colours = new Map<string, string>();
  let [x, top, colour] = [0, 0, ""];
  const tokens = drawn.replace(/^.*?"1;1;\d+;\d+/, "").matchAll(/#(\d+)(?:;2;(\d+;\d+;\d+))?|!\d+[?-~]|[?-~]|[$-]/g);
  for (const [token, register, percents] of tokens) {
    if (register !== undefined) {
      colour = register;
      if (percents !== undefined) palette.set(register, percents);
    } else if (token === "$" || token === "-") {
      x = 0;
      if (token === "-") top += 6;
    } else {
      const bits = token.charCodeAt(token.length - 1) - 63;
      for (let times = token.startsWith("!") ? Number.parseInt(token.slice(1)) : 1; times > 0; times--, x++) {
        for (let row = 0; row < 6; row++) {
          if (bits & (1 << row)) colours.set(`${x},${top + row}`, palette.get(colour) ?? "none");
        }
      }
    }
  }
  return { width, height, colours };
}

test("a picture goes to a Sixel terminal in its size and colours, without what is transparent", () => {
  const [red, green, blue, clear] = [
    [255, 0, 0, 255],
    [0, 255, 0, 255],
    [0, 0, 255, 255],
    [9, 9, 9, 0],
  ];
  const stripe = (x: number) => (x < 5 ? red : x < 10 ? green : x < 15 ? blue : clear);
  const pixels = Uint8Array.from(Array.from({ length: 20 * 13 }, (_, n) => stripe(n % 20)).flat());
  const sequence = sixelShow({ width: 20, height: 13, pixels }, { row: 0, column: 2 });
  const whole = new RegExp(`^${escape}7${escape}\\[1;3H${escape}P0;1;q([^${escape}]*)${escape}\\\\${escape}8$`);
  const { width, height, colours } = sixelPixels((whole.exec(sequence) ?? [])[1] ?? "");
  assert.deepEqual([width, height, colours.size], [20, 13, 15 * 13]);
  for (const [place, colour] of colours) {
    const x = Number.parseInt(place);
    assert.equal(colour, x < 5 ? "100;0;0" : x < 10 ? "0;100;0" : "0;0;100", place);
  }
  // Equal columns are written as one.
  assert.match(sequence, /!5~/);
});

test("a grey between those of the palette comes out as it was, on average", () => {
  const pixels = Uint8Array.from(Array.from({ length: 60 * 60 }, () => [123, 123, 123, 255]).flat());
  const { colours } = sixelPixels(sixelShow({ width: 60, height: 60, pixels }, { row: 0, column: 0 }));
  const levels = [...colours.values()].map((percents) => Number.parseInt(percents));
  const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
  assert.ok(Math.abs(mean - (123 / 255) * 100) < 0.7, `${mean} of 100`);
});
