import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { answersMsMax, askTerminal } from "./ask-terminal.ts";
import { capabilities, capabilityQuestions, readAnswers } from "./capabilities.ts";

const kitty = Buffer.from("\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;c");
const foot = Buffer.from("\x1b[6;18;9t\x1b[?62;4;22;28c");
const linux = Buffer.from("\x1b[?6c");
const mute = { kitty: false, sixel: false, cell: undefined };

test("a terminal's answers say what it draws", () => {
  assert.deepEqual(readAnswers(kitty), {
    kitty: true,
    sixel: false,
    cell: { width: 10, height: 20 },
    isComplete: true,
    typed: Buffer.alloc(0),
  });
  assert.deepEqual(readAnswers(foot), {
    ...readAnswers(kitty),
    kitty: false,
    sixel: true,
    cell: { width: 9, height: 18 },
  });
  assert.deepEqual(readAnswers(linux), { ...readAnswers(kitty), kitty: false, cell: undefined });
  assert.equal(readAnswers(Buffer.from("\x1b_Gi=31;ENOTSUP:no\x1b\\\x1b[?1;24c")).kitty, false);
  // 64 and 14 are other attributes.
  assert.equal(readAnswers(Buffer.from("\x1b[?64;14;44c")).sixel, false);
});

test("what is typed between the answers is kept, in order", () => {
  const bytes = Buffer.from("h\x1b_Gi=31;OK\x1b\\e\x1b[A\x1b[6;20;10tl\x1b[?62;4cö");
  assert.deepEqual(readAnswers(bytes).typed, Buffer.from("he\x1b[Alö"));
});

test("answers cut at any byte are read as far as they have come, and are not taken for keys", () => {
  for (const whole of [kitty, foot, linux]) {
    for (let length = 0; length < whole.length; length++) {
      const cut = readAnswers(whole.subarray(0, length));
      assert.equal(cut.isComplete, false);
      assert.ok(cut.typed.length <= 2, JSON.stringify(cut.typed.toString()));
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readAnswers(bytes)));
});

test("pictures are drawn in the best way of which we are sure", () => {
  const way = (env: Record<string, string>, answers: object = {}) => {
    const { colours, pictures } = capabilities(env, { ...mute, ...answers });
    return `${colours}, ${pictures}`;
  };
  assert.equal(way({ TERM: "xterm-kitty" }, { kitty: true }), "true colour, kitty");
  assert.equal(way({ TERM: "foot", COLORTERM: "truecolor" }, { sixel: true }), "true colour, sixel");
  assert.equal(way({ TERM: "xterm-256color" }), "256, blocks");
  assert.equal(way({ TERM: "xterm-256color", COLORTERM: "24bit" }), "true colour, blocks");
  assert.equal(way({ TERM: "tmux-256color", TMUX: "/tmp/tmux" }, { kitty: true }), "256, blocks");
  assert.equal(way({ TERM: "screen" }, { kitty: true }), "256, blocks");
  assert.equal(way({ TERM: "tmux-256color", TMUX: "/tmp/tmux" }, { sixel: true }), "256, sixel");
  assert.equal(way({ TERM: "linux" }), "16, none");
  assert.equal(way({ TERM: "xterm-kitty", NO_COLOR: "1" }, { kitty: true }), "none, none");
  assert.equal(way({ TERM: "dumb" }), "none, none");
  assert.equal(way({}), "16, none");
});

function terminal(answer?: Buffer) {
  const modes: boolean[] = [];
  const input = Object.assign(new PassThrough(), { isRaw: false, setRawMode: (on: boolean) => modes.push(on) });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  output.on("data", (bytes: Buffer) => {
    assert.equal(bytes.toString(), capabilityQuestions);
    for (const byte of answer ?? []) input.write(Buffer.from([byte]));
  });
  return { input, output, modes };
}

test("the questions are asked in raw mode, and the answers end it", async () => {
  const clock = new FakeClock();
  const { input, output, modes } = terminal(foot);
  const answers = await askTerminal({ input, output, clock });
  assert.deepEqual([answers.sixel, answers.isComplete, modes, clock.waiting], [true, true, [true, false], 0]);
});

test("a terminal that says nothing is waited for no longer than it may take", async () => {
  const clock = new FakeClock();
  const { input, output, modes } = terminal();
  const asked = askTerminal({ input, output, clock });
  await clock.advance(answersMsMax);
  const answers = await asked;
  assert.deepEqual([answers.isComplete, answers.kitty, answers.sixel, modes], [false, false, false, [true, false]]);
});

test("who writes into a file is asked nothing", async () => {
  const { input } = terminal();
  const answers = await askTerminal({ input, output: new PassThrough(), clock: new FakeClock() });
  assert.equal(answers.isComplete, false);
});
