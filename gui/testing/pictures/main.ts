import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sleep, systemClock } from "../../../core/platform/clock.ts";
import { Failure } from "../../../core/platform/failure.ts";
import { freePort } from "../../../core/platform/free-port.ts";
import { projectRoot } from "../../../core/platform/project-root.ts";
import { hasTmux, TmuxTerminal } from "../tmux.ts";
import { landscape } from "./landscape.ts";
import { type Colours, colours, pageOf } from "./page.ts";
import { findBrowser, photograph } from "./photograph.ts";

/**
 * Makes the pictures of the README: three people chat in real terminals, on this machine's own server, and
 * Chromium draws what tmux captures of them.
 */
const into = path.join(projectRoot, "gui", "pictures");
const program = path.join(projectRoot, "dist", "bin", "fastchat.js");
const usual = { columns: 96, rows: 29 };
/** The beginning of a text, short enough to be on one line of the screen. */
const lineStart = 30;
const narrow = { columns: 58, rows: 28 };

try {
  if (!hasTmux()) throw new Failure("no_tmux", "there is no tmux", "install it (apt install tmux)");
  await makePictures(await findBrowser());
} catch (cause) {
  if (!(cause instanceof Failure)) throw cause;
  process.stderr.write(`${cause.code}: ${cause.message}\n${cause.advice}\n`);
  process.exitCode = 1;
}

async function makePictures(browser: string): Promise<void> {
  const place = mkdtempSync("/var/tmp/fastchat-pictures-");
  // PostgreSQL, which does not run as root, must get in.
  chmodSync(place, 0o755);
  mkdirSync(into, { recursive: true });
  const photo = path.join(place, "ridge.png");
  writeFileSync(photo, landscape());
  const home = [
    "--home",
    path.join(place, "profiles"),
    "--local-port",
    String(await freePort()),
    "--local-seconds",
    "8",
  ];
  const terminals: TmuxTerminal[] = [];

  /** Somebody signs up in a terminal. */
  async function chat(user: string): Promise<TmuxTerminal> {
    const command = ["env", "-u", "NO_COLOR", "TERM=xterm-256color", process.execPath, program, "chat"];
    const terminal = await TmuxTerminal.open([...command, ...home, "--user", user], usual);
    terminals.push(terminal);
    await terminal.shows("127.0.0.1:");
    await terminal.type(`the password of ${user}`);
    await terminal.press("Tab", "Tab", "Enter");
    await terminal.shows("round-robin");
    return terminal;
  }

  async function found(who: TmuxTerminal, title: string, members: string): Promise<void> {
    await who.press("C-g");
    await who.shows("Found a group");
    await who.type(title);
    await who.press("Tab");
    await who.type(members);
    await who.press("Tab", "Tab", "Tab", "Enter");
    await who.shows(`you founded the group “${title}”`);
  }

  /** Saves a picture of a terminal, once the toast in its status bar is gone. */
  async function keep(name: string, terminal: TmuxTerminal, size: typeof usual, of: Colours): Promise<void> {
    await terminal.shows("online  s0");
    const page = await pageOf(await terminal.colouredScreen(), size.columns, size.rows, of);
    const picture = await photograph(browser, page);
    writeFileSync(path.join(into, `${name}.png`), picture);
    process.stdout.write(`gui/pictures/${name}.png: ${Math.ceil(picture.length / 1024)} KiB\n`);
  }

  try {
    const alice = await chat("alice");
    const bob = await chat("bob");
    const carol = await chat("carol");
    const say = async (who: TmuxTerminal, text: string, ...seenBy: readonly TmuxTerminal[]) => {
      await who.type(text);
      await who.press("Enter");
      for (const other of seenBy) await other.shows(text.slice(0, lineStart));
    };

    await found(bob, "release", "alice");
    await alice.shows("release");
    await found(carol, "book club", "alice, bob");
    await alice.shows("book club");
    await found(alice, "climbing", "bob");
    await bob.shows("climbing");
    await say(alice, "/join climbing");
    await say(bob, "/join climbing");
    await say(alice, "The forecast for Saturday is dry. Shall we go?", bob);
    await say(bob, "Yes! The ridge, before it gets crowded", alice);
    await say(alice, "/add carol");
    await carol.shows("climbing");
    await say(carol, "/join climbing");
    await say(carol, "Thanks for having me. Where do we meet?", alice, bob);
    await say(bob, `/send ${photo}`);
    await alice.shows("▀");
    await say(bob, "That is the view from last time", alice, carol);
    await say(alice, "@carol at the station, 7:40. Train times: https://trains.example/saturday", bob);
    await say(carol, "@alice I'll be there", alice, bob);
    await say(bob, "/join release");
    await say(bob, "Notes for 1.0 are ready, have a look");
    await say(bob, "and @alice, will you tag it?");
    await alice.shows(/release +@1 2/);
    await alice.type("I'll bring the rope and **two** hel");
    await alice.shows("hel");
    await keep("conversation", alice, usual, colours.dark);

    await alice.press("C-u");
    await say(alice, "/trust bob");
    await alice.shows("afety number");
    await keep("safety-number", alice, usual, colours.dark);

    await say(carol, "/theme light");
    await carol.resize(narrow.columns, narrow.rows);
    await carol.shows((lines) => lines.every((line) => !line.includes("│")));
    await keep("narrow", carol, narrow, colours.light);
  } finally {
    for (const terminal of terminals) await terminal.press("C-q").catch(() => {});
    await Promise.all(terminals.map((terminal) => terminal.shows("ended with").catch(() => {})));
    await Promise.all(terminals.map((terminal) => terminal.close()));
    // The server ends by itself when it sees that nobody is there, and its database last.
    const lock = path.join(place, "server", "data", "postgres", "data", "postmaster.pid");
    while (existsSync(lock)) await sleep(systemClock, 100);
    rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  }
}
