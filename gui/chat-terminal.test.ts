import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { deploy, type TestDeployment } from "../core/testing/deployment.ts";
import { keyPair } from "../core/testing/key-pairs.ts";
import { type Person, person } from "../core/testing/person.ts";
import { until } from "../core/testing/until.ts";
import type { GroupId } from "../core/wire/ids.ts";
import { ChatHome, openChat } from "./testing/chat-terminal.ts";
import { hasTmux, type TmuxTerminal } from "./testing/tmux.ts";

const skip = hasTmux() ? false : "tmux is missing";

/** What takes two columns in tmux, and two alone in what it shows. */
const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uff01-\uff60]|[\u{1f300}-\u{1faff}]/gu;
/** How many columns of the terminal a text takes: not as the client counts, which is what is in question. */
const columnsOf = (text: string) =>
  Array.from(text).length + (text.match(wide)?.length ?? 0) - (text.match(/\p{Mn}/gu)?.length ?? 0);

/** The columns, counted from 0, in which the groups end and the conversation begins: one, if nothing is displaced. */
const borders = (lines: readonly string[]) => [
  ...new Set(lines.slice(0, -1).map((line) => (line.includes("│") ? columnsOf(line.slice(0, line.indexOf("│"))) : -1))),
];

suite("a chat and its terminal", { skip }, () => {
  let deployment: TestDeployment;
  let home: ChatHome;
  let asAlice: string[];
  let bob: Person;
  let group: GroupId;
  const rename = (title: string) => bob.client.changeGroup(group, { action: "rename", title });
  before(async () => {
    deployment = await deploy();
    home = new ChatHome(await keyPair(0));
    asAlice = await home.signUp(deployment.target, "alice");
    bob = await person(deployment.target, "bob");
  });

  suite("while it runs", () => {
    let alice: TmuxTerminal;
    before(async () => {
      alice = await openChat(asAlice);
      await alice.shows("● online");
      const made = await bob.client.createGroup({ title: "climbing", members: ["alice"] });
      assert.ok(made.ok);
      group = made.value.group;
      await alice.shows(/climbing {2}2 members/);
      for (const title of ["漢字の部屋", "🎉 party"]) {
        assert.ok((await bob.client.createGroup({ title, members: ["alice"] })).ok);
        await alice.shows(title);
      }
    });

    after(async () => {
      await alice.press("C-q");
      await alice.shows("ended with 0");
    });

    test("wide characters move neither the border nor a column", async () => {
      for (const text of ["漢字とかな", "한국어", "😀🎉 done", "👨‍👩‍👧 family", "e\u0301 a\u0310", "ＦＵＬＬ"])
        await bob.say(group, text);
      const lines = await alice.shows("ＦＵＬＬ");
      assert.deepEqual(borders(lines), [27]);
      const said = lines.filter((line) => /漢字とかな|한국어|😀🎉 done|ＦＵＬＬ/.test(line));
      const starts = said.map((line) => columnsOf(line.slice(0, line.search(/漢|한|😀|Ｆ/))));
      assert.equal(new Set(starts).size, 1, `texts begin in columns ${starts.join(", ")}`);
    });

    test("other sizes keep what is shown and written", async () => {
      await alice.type("half a thought");
      await alice.resize(80, 24);
      await alice.shows((lines) => lines.length === 24 && lines[22]?.endsWith("│› half a thought") === true);
      await alice.resize(40, 12);
      const small = await alice.shows((lines) => lines.length === 12 && lines[10] === "› half a thought");
      assert.ok(small[0]?.startsWith(" climbing"));
      assert.ok(small.join("\n").includes("ＦＵＬＬ"));
      await alice.resize(100, 30);
      const lines = await alice.shows(
        (shown) => shown.length === 30 && shown[28]?.endsWith("│› half a thought") === true,
      );
      assert.deepEqual(borders(lines), [27]);
      await alice.press("C-u");
    });

    test("what others write cannot reach the terminal: it is shown, and does nothing", async () => {
      const title = await alice.variable("#{pane_title}");
      const evil =
        "evil \u001b]0;pwned\u0007\u001b]2;pwned\u001b\\\u001b[2J\u001b[H\u001b[31m\u009b2J {red-fg}tags{/}\u202e";
      await bob.say(group, evil);
      await alice.shows("evil ␛]0;pwned␇␛]2;pwned␛\\␛[2J␛[H␛[31m");
      const renamed = await rename("climb\u202e\u2066]0;pwned\u2069ing[2J");
      assert.ok(renamed.ok, JSON.stringify(renamed));
      const lines = await alice.shows(/climb\S+\]0;pwned\S+ing\[2J {2}2 members/);
      assert.equal(await alice.variable("#{pane_title}"), title);
      assert.deepEqual(borders(lines), [27]);
      assert.ok(lines.join("\n").includes("ＦＵＬＬ"), "what stood there stands there");
      assert.ok((await rename("climbing")).ok);
      await alice.shows(/│ climbing {2}2 members/);
    });

    test("ten thousand pasted characters are one draft and one message", async () => {
      const long = Array.from({ length: 1000 }, (_, at) => `w${String(at).padStart(8, "0")}`).join(" ");
      assert.equal(long.length, 9999);
      await alice.paste(`${long}!`);
      await alice.shows("w00000999!");
      assert.equal(bob.texts(group).length, 7);
      await alice.press("Enter");
      await until(() => bob.texts(group).at(-1) === `${long}!`, "it arrives as it was pasted");
      await alice.shows(/w00000999! +✓/);
      await alice.paste(`${long} ${long}`);
      await alice.shows("w00000999");
      await alice.press("Enter");
      await alice.shows("A message has at most 16384 characters; this one has 19999.");
      assert.equal(bob.texts(group).length, 8);
      await alice.shows("w00000999");
    });

    test("a click on a group opens it", async () => {
      const other = await bob.client.createGroup({ title: "swimming", members: ["alice"] });
      assert.ok(other.ok);
      const lines = await alice.shows(/^ swimming/m);
      assert.ok(lines[0]?.includes("│ climbing"));
      const row = lines.findIndex((line) => line.startsWith(" swimming"));
      // A button, column and row as xterm reports them, counted from 1; pressed, then released.
      await alice.type(`\u001b[<0;4;${row + 1}M\u001b[<0;4;${row + 1}m`);
      await alice.shows((shown) => shown[0]?.includes("│ swimming") === true);
    });
  });

  test("with NO_COLOR not one colour is set", async () => {
    const plain = await openChat(await home.signUp(deployment.target, "grey"), { environment: { NO_COLOR: "1" } });
    await plain.shows("● online");
    await plain.press("F1");
    await plain.shows("this help");
    const codes = (await plain.colouredScreen())
      .split("\u001b[")
      .flatMap((part) => /^([\d;:]+)m/.exec(part)?.[1]?.split(";") ?? []);
    assert.ok(codes.length > 0, "what stands out is bold or reversed");
    // 39 and 49 are the terminal's own colours.
    const colours = codes.filter((code) => /^(?:[34][0-8]|9\d|10\d)$/.test(code));
    assert.deepEqual(colours, []);
    await plain.press("C-q");
  });

  for (const term of ["tmux-256color", "screen-256color", "xterm"]) {
    test(`${term} will do`, async () => {
      const terminal = await openChat(asAlice, { term });
      const lines = await terminal.shows(
        (shown) => shown.join().includes("● online") && shown.join().includes("climbing"),
      );
      assert.deepEqual(borders(lines), [27]);
      await terminal.press("F1");
      await terminal.shows("this help");
      await terminal.press("C-q");
      await terminal.shows("ended with 0");
    });
  }

  const leavings: Readonly<
    Record<string, { leave: (terminal: TmuxTerminal, pid: number) => Promise<void>; code: number }>
  > = {
    "Ctrl-Q": { leave: (terminal) => terminal.press("C-q"), code: 0 },
    SIGTERM: { leave: async (_, pid) => void process.kill(pid, "SIGTERM"), code: 143 },
    SIGHUP: { leave: async (_, pid) => void process.kill(pid, "SIGHUP"), code: 129 },
  };
  for (const [how, { leave, code }] of Object.entries(leavings)) {
    test(`after ${how} the shell has its terminal and its screen back`, async () => {
      const pidFile = path.join(home.directory, `${how}.pid`);
      const script = `echo before; a=$(stty -a); sh -c 'echo $$ > "${pidFile}"; exec "$@"' sh "$@"; code=$?
        b=$(stty -a); if [ "$a" = "$b" ]; then echo "same modes, code $code"; else echo "$a"; echo "$b"; fi; exec cat -v`;
      const terminal = await openChat(asAlice, { wrappedIn: ["sh", "-c", script, "sh"] });
      await terminal.shows("● online");
      assert.equal(await terminal.variable("#{alternate_on} #{mouse_any_flag}"), "1 1");
      await leave(terminal, Number(readFileSync(pidFile, "utf8")));
      const lines = await terminal.shows("same modes");
      assert.deepEqual(
        lines.filter((line) => line !== ""),
        ["before", `same modes, code ${code}`],
      );
      assert.equal(await terminal.variable("#{alternate_on} #{mouse_any_flag} #{cursor_flag}"), "0 0 1");
      await terminal.paste("a paste");
      assert.ok((await terminal.shows("a paste")).includes("a paste"), "it is not in brackets");
    });
  }
});
