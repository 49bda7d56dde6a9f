import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { freePort } from "../core/platform/free-port.ts";
import { deploy, type TestDeployment } from "../core/testing/deployment.ts";
import { type Person, person } from "../core/testing/person.ts";
import { until } from "../core/testing/until.ts";
import type { GroupId } from "../core/wire/ids.ts";
import { ChatHome, openChat } from "./testing/chat-terminal.ts";
import { hasTmux, type TmuxTerminal } from "./testing/tmux.ts";

/** The lines with the groups' column cut off. */
const besideGroups = (lines: readonly string[]) => lines.map((line) => line.slice(line.indexOf("│") + 1));

suite("chatting in a terminal", { skip: hasTmux() ? false : "tmux is missing" }, () => {
  let deployment: TestDeployment;
  before(async () => {
    deployment = await deploy();
  });

  test("somebody new reads one sentence for each thing that goes wrong, and gets in", async () => {
    await person(deployment.target, "taken");
    const home = new ChatHome();
    const nowhere = `127.0.0.1:${await freePort()}`;
    const terminal = await openChat(["--home", home.profiles, "--server", nowhere, "--user", "taken"]);
    await terminal.shows("assword");
    const signUp = async (password: string) => {
      await terminal.type(password);
      // Past the button to log in.
      await terminal.press("Tab", "Tab", "Enter");
    };
    await signUp("the password");
    await terminal.shows(/connection refused|cannot be reached|no server/i);
    assert.ok(false, (await terminal.screen()).join("\n"));
  });

  suite("two people and a group", () => {
    let home: ChatHome;
    let alice: TmuxTerminal;
    let bob: TmuxTerminal;
    let carol: Person;
    let climbing: GroupId;
    before(async () => {
      home = new ChatHome();
      const as = async (name: string) => openChat(await home.signUp(deployment.target, name));
      [alice, bob] = await Promise.all([as("alice"), as("bob")]);
      carol = await person(deployment.target, "carol");
      await Promise.all([alice.shows("● online"), bob.shows("● online")]);
    });

    test("the form founds a group of people whose names are separated by commas", async () => {
      await alice.press("C-g");
      await alice.shows("Found a group");
      await alice.type("climbing");
      await alice.press("Tab");
      await alice.type("bob, carol");
      await alice.press("Tab", "Tab", "Tab", "Enter");
      await alice.shows(/climbing {2}3 members/);
      await alice.shows("you founded the group “climbing” with bob and carol");
      await bob.shows("alice has founded climbing.");
      await until(() => carol.joined.size === 1, "carol is let in");
      climbing = [...carol.joined][0] as GroupId;
    });

    test("messages go both ways, and a message's sender sees how far it has come", async () => {
      await alice.type("up the left side?");
      await alice.press("Enter");
      await alice.shows(/alice +up the left side\? +✓$/m);
      // Bob looks at nothing yet: what is not looked at is not read.
      await bob.press("M-Down");
      await bob.shows(/alice +up the left side\?/);
      await alice.shows(/up the left side\? +✓✓ 1$/m);
      await bob.type("no, the right one");
      await bob.press("Enter");
      await alice.shows(/bob +no, the right one/);
      await bob.shows(/no, the right one +✓✓ 1$/m);
      carol.client.markRead(climbing, 99n as never);
    });
  });
});
