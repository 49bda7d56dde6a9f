import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, suite, test } from "node:test";
import { freePort } from "../core/platform/free-port.ts";
import { deploy } from "../core/testing/deployment.ts";
import { keyPair } from "../core/testing/key-pairs.ts";
import { type Person, person } from "../core/testing/person.ts";
import { until } from "../core/testing/until.ts";
import type { GroupId } from "../core/wire/ids.ts";
import { ChatHome, openChat } from "./testing/chat-terminal.ts";
import { hasTmux, type TmuxTerminal } from "./testing/tmux.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "chat-outage-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Alice at a terminal and Bob without one, in a group that Bob has founded. */
async function aliceAndBob(target: string): Promise<{ alice: TmuxTerminal; bob: Person; group: GroupId }> {
  const alice = await openChat(await new ChatHome(await keyPair(0)).signUp(target, "alice"));
  const bob = await person(target, "bob");
  await alice.shows("● online");
  const made = await bob.client.createGroup({ title: "climbing", members: ["alice"] });
  if (!made.ok) throw new Error(made.reason.detail);
  await alice.shows(/climbing {2}2 members/);
  return { alice, bob, group: made.value.group };
}

const count = (lines: readonly string[], text: string) => lines.filter((line) => line.includes(text)).length;

suite("a chat whose servers go", { skip: hasTmux() ? false : "tmux is missing" }, () => {
  test("a server that breaks while somebody writes takes nothing of it, and the message goes out once", async () => {
    const deployment = await deploy({ servers: 2 });
    const { alice, bob, group } = await aliceAndBob(deployment.target);
    const server = /● online {2}s(\d)/.exec((await alice.shows(/● online {2}s\d/)).at(-1) ?? "")?.[1];
    await alice.type("half a ");
    await alice.shows("› half a");
    const crashed = deployment.cluster.crash(Number(server));
    await alice.shows((lines) => !lines.at(-1)?.includes(`s${server}`));
    await alice.type("thought");
    await alice.shows("› half a thought");
    await alice.press("Enter");
    await crashed;
    const lines = await alice.shows(/alice +half a thought +✓/);
    assert.equal(count(lines, "half a thought"), 1);
    await alice.shows(/● online {2}s\d/);
    await until(() => bob.texts(group).includes("half a thought"), "it arrives");
    await alice.type("whole");
    await alice.press("Enter");
    await until(() => bob.texts(group).includes("whole"), "what comes later arrives");
    assert.deepEqual(bob.texts(group), ["half a thought", "whole"]);
    await alice.press("C-q");
    await alice.shows("ended with 0");
    await deployment.stop();
  });

  test("what is written while there is no server waits, and is acknowledged once when there is one again", async () => {
    const config = { port: await freePort(), secretFile: path.join(scratch, "secret.json") };
    const before = await deploy(config);
    const { alice, bob, group } = await aliceAndBob(before.target);
    await bob.say(group, "before");
    await alice.shows(/bob +before/);
    await before.stop();
    await alice.shows((lines) => /(?:○ offline|connecting)/.test(lines.at(-1) ?? ""));
    await alice.type("are you there?");
    await alice.press("Enter");
    await alice.shows(/alice +are you there\? +…$/m);
    await alice.shows((lines) => lines.at(-1)?.includes("1 waiting") === true);

    const again = await deploy({ ...config, database: before.databaseUrl });
    await alice.shows(/alice +are you there\? +✓/);
    const lines = await alice.shows(
      (shown) => /● online/.test(shown.at(-1) ?? "") && !shown.at(-1)?.includes("waiting"),
    );
    for (const text of ["before", "are you there?"]) assert.equal(count(lines, text), 1);
    await until(() => bob.texts(group).length === 2, "it arrives");
    await bob.say(group, "I am");
    await alice.shows(/bob +I am/);
    assert.deepEqual(bob.texts(group), ["before", "are you there?", "I am"]);
    await alice.press("C-q");
    await alice.shows("ended with 0");
    await again.stop();
  });
});
