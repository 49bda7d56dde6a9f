import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, suite, test } from "node:test";
import { PNG } from "pngjs";
import { freePort } from "../core/platform/free-port.ts";
import { deploy, type TestDeployment } from "../core/testing/deployment.ts";
import { keyPair } from "../core/testing/key-pairs.ts";
import { type Person, person } from "../core/testing/person.ts";
import { until } from "../core/testing/until.ts";
import type { GroupId } from "../core/wire/ids.ts";
import { ChatHome, openChat } from "./testing/chat-terminal.ts";
import { hasTmux, type TmuxTerminal } from "./testing/tmux.ts";

/** A picture without metadata. */
function halfRedHalfBlue(): Uint8Array {
  const png = new PNG({ width: 64, height: 32 });
  for (let at = 0; at < png.data.length; at += 4) {
    png.data.set((at / 4) % 64 < 32 ? [255, 0, 0, 255] : [0, 0, 255, 255], at);
  }
  return PNG.sync.write(png);
}

suite("chatting in a terminal", { skip: hasTmux() ? false : "tmux is missing" }, () => {
  let deployment: TestDeployment;
  before(async () => {
    deployment = await deploy();
  });

  test("somebody new reads one sentence for each thing that goes wrong, and gets in", async () => {
    await person(deployment.target, "taken");
    const home = new ChatHome(await keyPair(0));
    const nowhere = `127.0.0.1:${await freePort()}`;
    const terminal = await openChat(["--home", home.profiles, "--server", nowhere, "--user", "taken"]);
    await terminal.shows("assword");
    /** From the password, which is where one stands: the button to log in, then the one to sign up. */
    const tryTo = async (how: "log in" | "sign up", password: string) => {
      await terminal.type(password);
      await terminal.press("Tab", ...(how === "sign up" ? ["Tab"] : []), "Enter");
    };
    await tryTo("sign up", "the password");
    await terminal.shows(/does not answer[^]*Check the server's address, and whether it runs\./);

    await terminal.press("BTab", "BTab", "C-u");
    await terminal.type(deployment.target);
    await terminal.press("Tab", "Tab");
    await tryTo("sign up", "the password");
    await terminal.shows("taken is taken");
    await tryTo("log in", "a wrong password");
    await terminal.shows("knows no user taken with this password.");

    await terminal.press("BTab", "C-u");
    await terminal.type("newcomer");
    await terminal.press("Tab");
    await tryTo("sign up", "the password");
    await terminal.shows("● online");
    await terminal.press("C-q");
    await terminal.shows("ended with 0");

    const again = await openChat(["--home", home.profiles]);
    await again.shows("newcomer");
    await again.type("not the password");
    await again.press("Enter");
    await again.shows("knows no user newcomer with this password.");
    await again.type("the password");
    await again.press("Enter");
    await again.shows("● online");
  });

  suite("two people and a group", () => {
    let home: ChatHome;
    let alice: TmuxTerminal;
    let bob: TmuxTerminal;
    let carol: Person;
    let climbing: GroupId;
    before(async () => {
      home = new ChatHome(await keyPair(0));
      const downloads = path.join(home.directory, "downloads");
      mkdirSync(downloads);
      const environment = { XDG_DOWNLOAD_DIR: downloads };
      const as = async (name: string) => openChat(await home.signUp(deployment.target, name), { environment });
      [alice, bob] = await Promise.all([as("alice"), as("bob")]);
      carol = await person(deployment.target, "carol");
      await Promise.all([alice.shows("● online"), bob.shows("● online")]);
      // What bob has open, until he looks elsewhere.
      await carol.client.createGroup({ title: "at home", members: ["bob"] });
      await bob.shows(/at home {2}2 members/);
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
      await until(() => carol.joined.size === 2, "carol is let in");
      climbing = [...carol.joined][1] ?? assert.fail("it is not the second group");
    });

    test("messages go both ways, and a message's sender sees its receipts", async () => {
      await alice.type("up the left side?");
      await alice.press("Enter");
      await alice.shows(/alice +up the left side\? +✓$/m);
      await bob.press("M-Up");
      await bob.shows(/alice +up the left side\?/);
      await alice.shows(/up the left side\? +✓✓ 1$/m);
      const seenByCarol = () => carol.messages.find(({ group }) => group === climbing);
      await until(() => seenByCarol() !== undefined, "carol has the message");
      carol.client.markRead(climbing, seenByCarol()?.seq ?? assert.fail("it has no place"));
      await alice.shows(/up the left side\? +✓✓ 2$/m);
      await bob.type("no");
      await alice.shows("bob is writing…");
      await bob.type(", the right one");
      await bob.press("Enter");
      await alice.shows(
        (lines) => /bob +no, the right one/.test(lines.join("\n")) && !lines.join().includes("is writing"),
      );
      await bob.shows(/no, the right one +✓✓ 1$/m);
    });

    test("a change to a group appears with the name of the member who made it", async () => {
      await person(deployment.target, "dave");
      await alice.press("M-g");
      await alice.shows("Amend the group");
      await alice.type("dave");
      await alice.press("Tab");
      await alice.type("carol");
      await alice.press("BTab", "BTab", "C-u");
      await alice.type("bouldering");
      await alice.press("Tab", "Tab", "Tab", "Enter");
      await alice.shows(/│ bouldering {2}3 members/);
      for (const change of ["added dave", "removed carol", "renamed the group to “bouldering”"]) {
        await alice.shows(`· you ${change}`);
        await bob.shows(`· alice ${change}`);
      }
      await until(() => !carol.joined.has(climbing), "carol is out");
      await bob.type("/add carol");
      await bob.press("Enter");
      await bob.shows("Only an admin of the group can do this.");
    });

    test("a picture is previewed before it is sent and where it arrives, and is saved byte by byte", async () => {
      const picture = path.join(home.directory, "summit.png");
      writeFileSync(picture, halfRedHalfBlue());
      await alice.press("C-o");
      await alice.shows("Send a file");
      await alice.type(`${home.directory}/`);
      await alice.press("Enter");
      await alice.shows("summit.png");
      await alice.type("summit");
      await alice.shows("▀▀▀▀");
      await alice.press("Enter");
      await bob.shows(/▤ summit\.png[^]*▀▀▀▀/);
      assert.match(await bob.colouredScreen(), /\[38;5;196/, "red");

      const target = path.join(home.directory, "downloads", "summit.png");
      await bob.press("S-Up");
      await bob.type("s");
      await bob.shows("Saved as");
      assert.deepEqual(readFileSync(target), readFileSync(picture));
      writeFileSync(target, "mine");
      await bob.type("s");
      await bob.shows("is there already");
      await bob.press("Enter");
      assert.equal(readFileSync(target, "utf8"), "mine", "the answer that does no harm stands ready");
      await bob.type("s");
      await bob.shows("is there already");
      await bob.press("Tab", "Enter");
      await until(() => readFileSync(target).equals(readFileSync(picture)), "the file is replaced when that is wanted");
    });
  });
});
