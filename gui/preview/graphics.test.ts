import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { decode as decodeSixel } from "sixel";
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

test("a picture goes to a Sixel terminal in its size and colours", () => {
  const pixels = Uint8Array.from(Array.from({ length: 20 * 12 }, () => [255, 0, 0, 255]).flat());
  const sequence = sixelShow({ width: 20, height: 12, pixels }, { row: 0, column: 2 });
  const whole = new RegExp(`^${escape}7${escape}\\[1;3H${escape}P[\\d;]*q([^${escape}]*)${escape}\\\\${escape}8$`);
  const [, drawn = ""] = whole.exec(sequence) ?? [];
  const { width, height, data32 } = decodeSixel(drawn);
  assert.deepEqual([width, height], [20, 12]);
  assert.ok(data32.every((pixel) => pixel === 0xff0000ff));
});
