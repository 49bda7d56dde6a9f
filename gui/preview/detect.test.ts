import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { noInput, readInput, type TerminalAnswer } from "../terminal/input.ts";
import { detectGraphics, graphicsOf, graphicsQuery } from "./detect.ts";

const escape = "\u001b";

/** What a terminal answers, from its bytes. */
function answersOf(text: string): TerminalAnswer[] {
  const { items } = readInput(noInput, Buffer.from(text));
  return items.flatMap((item) => (item.kind === "answer" ? [item.answer] : []));
}

const kitty = `${escape}_Gi=31;OK${escape}\\${escape}[6;20;10t${escape}[?62c`;
const sixel = `${escape}[?63;4;22c`;

test("a terminal shows pictures in the best way that it answers to", () => {
  const xterm = { TERM: "xterm-256color" };
  assert.deepEqual(graphicsOf(xterm, answersOf(kitty)), {
    kind: "kitty",
    colours: "256",
    cell: { width: 10, height: 20 },
  });
  assert.equal(graphicsOf(xterm, answersOf(sixel)).kind, "sixel");
  assert.equal(graphicsOf(xterm, answersOf(`${escape}[?64;1;2c`)).kind, "halfBlocks");
  assert.equal(
    graphicsOf(xterm, answersOf(`${escape}_Gi=31;ENOTSUPPORTED${escape}\\${escape}[?62c`)).kind,
    "halfBlocks",
  );
  assert.equal(graphicsOf(xterm, []).kind, "halfBlocks");
});

test("inside tmux and screen only their own answers count", () => {
  for (const inside of [
    { TMUX: "/tmp/tmux" },
    { STY: "1.pts" },
    { TERM: "screen-256color" },
    { TERM: "tmux-256color" },
  ]) {
    assert.equal(graphicsOf(inside, answersOf(kitty)).kind, "halfBlocks");
    assert.equal(graphicsOf(inside, answersOf(sixel)).kind, "sixel");
    assert.ok(!graphicsQuery(inside).includes(`${escape}_`), "tmux would take it for a title");
  }
  assert.ok(graphicsQuery({}).includes(`${escape}_Gi=31`));
});

test("true colour is what the environment says", () => {
  const coloursOf = (environment: Record<string, string>) => graphicsOf(environment, []).colours;
  assert.equal(coloursOf({ COLORTERM: "truecolor" }), "true");
  assert.equal(coloursOf({ COLORTERM: "24bit" }), "true");
  assert.equal(coloursOf({ TERM: "xterm-kitty" }), "true");
  assert.equal(coloursOf({ TERM: "xterm-256color" }), "256");
});

test("a terminal's last answer ends the waiting, and a silent one shows half-blocks", async () => {
  const clock = new FakeClock();
  const ask = () => {
    const asked: { text: string; answer?: (answer: TerminalAnswer) => void } = { text: "" };
    const graphics = detectGraphics({
      environment: {},
      clock,
      write: (text) => (asked.text += text),
      listen: (onAnswer) => {
        asked.answer = onAnswer;
        return () => delete asked.answer;
      },
    });
    return { asked, graphics };
  };
  const quick = ask();
  assert.equal(quick.asked.text, graphicsQuery({}));
  for (const answer of answersOf(kitty)) quick.asked.answer?.(answer);
  assert.equal((await quick.graphics).kind, "kitty");
  assert.equal(quick.asked.answer, undefined, "nobody listens any more");
  const silent = ask();
  await clock.advance(500);
  assert.equal((await silent.graphics).kind, "halfBlocks");
});
