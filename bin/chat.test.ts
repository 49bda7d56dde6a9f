import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { aboutDeployment } from "../core/client/index.ts";
import { freePort } from "../core/platform/free-port.ts";
import { writablePlace } from "../core/store/embedded/place.ts";
import { until } from "../core/testing/until.ts";
import { openChat } from "../gui/testing/chat-terminal.ts";
import { hasTmux } from "../gui/testing/tmux.ts";

const scratch = mkdtempSync(path.join(writablePlace(), "chat-test-"));
chmodSync(scratch, 0o755);
after(() => rmSync(scratch, { recursive: true, force: true }));

test("two terminals are enough to talk, and nothing is left when both have ended", { skip: !hasTmux() }, async () => {
  const port = await freePort();
  const home = path.join(scratch, "profiles");
  const args = ["--home", home, "--local-port", String(port), "--local-seconds", "8"];
  const answers = async () => (await aboutDeployment(`127.0.0.1:${port}`)).ok;
  const alice = await openChat(args);
  await alice.shows("starting this machine");
  await alice.shows(`127.0.0.1:${port}`);
  const bob = await openChat([...args, "--user", "bob"]);
  await bob.shows(`127.0.0.1:${port}`);
  // The name, the password, then the buttons to log in and to sign up.
  await alice.type("alice");
  await alice.press("Enter");
  await alice.type("alice's password");
  await alice.press("Tab", "Tab", "Enter");
  await alice.shows("round-robin");
  await bob.type("bob's password");
  await bob.press("Tab", "Tab", "Enter");
  await bob.shows("round-robin");

  await alice.press("C-g");
  await alice.shows("Found a group");
  await alice.type("climbing");
  await alice.press("Tab");
  await alice.type("bob");
  await alice.press("Tab", "Tab", "Tab", "Enter");
  await alice.shows("climbing");
  await bob.shows("alice has founded climbing");
  await bob.press("M-Down");
  await alice.type("up the left side?");
  await alice.press("Enter");
  await bob.shows("up the left side?");
  await bob.type("no, the right one");
  await bob.press("Enter");
  await alice.shows("no, the right one");

  // The one that started the server goes first.
  await alice.press("C-q");
  await alice.shows("ended with 0");
  await bob.type("still here");
  await bob.press("Enter");
  await bob.shows("still here");
  const again = await openChat([...args, "--profile", "alice"]);
  await again.shows("assword");
  await again.type("alice's password");
  await again.press("Enter");
  await again.shows("still here");
  for (const terminal of [again, bob]) {
    await terminal.press("C-q");
    await terminal.shows("ended with 0");
  }
  await until(async () => !(await answers()), "the server has ended");
  const lock = path.join(scratch, "server/data/postgres/data/postmaster.pid");
  await until(() => !existsSync(lock), "its database has, too");
});

test("a broken file of keys is a failure before anything starts", { skip: !hasTmux() }, async () => {
  const keys = path.join(scratch, "keys.json");
  writeFileSync(keys, '{"send":["C-q"],"quit":["C-q"],"quti":[]}');
  const terminal = await openChat(["--keys", keys]);
  await terminal.shows("keys_unreadable");
  await terminal.shows("ended with 1");
});
