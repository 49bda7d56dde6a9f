import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { deploy, type TestDeployment } from "../../core/testing/deployment.ts";
import { person } from "../../core/testing/person.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import type { Effect } from "../model/effect.ts";
import { climbing, Seat, scratch, scratchFile } from "../testing/seat.ts";

suite("files", () => {
  let deployment: TestDeployment;
  let alice: Seat;
  let group: GroupId;

  before(async () => {
    deployment = await deploy();
    alice = new Seat();
    await alice.perform({ kind: "signUp", server: deployment.target, user: "alice", password: "p" });
    group = await climbing(alice, await person(deployment.target, "bob"));
  });
  after(async () => {
    await alice.runner.close();
    await deployment.stop();
  });

  test("a file goes to the group with its progress, and is saved under a safe name, never over another without asking", async () => {
    alice.fresh();
    const content = Buffer.alloc(300_000, 7);
    await alice.perform({ kind: "sendFile", group, file: scratchFile("a-file.bin", content), keepMetadata: false });
    const rows = alice.all("transfer").map(({ transfer }) => transfer);
    assert.deepEqual([rows[0]?.way, rows[0]?.name, rows[0]?.done], ["up", "a-file.bin", 0]);
    assert.deepEqual([rows.at(-1)?.done, rows.at(-1)?.of], [300_000, 300_000]);
    assert.equal(alice.last("transferDone").text, "a-file.bin was sent.");
    const { message } = await alice.until(
      "message",
      ({ message: of }) => of.content?.kind === "file" && of.seq !== undefined,
    );
    const target = path.join(scratch, "saved.bin");
    const save = (to: string | undefined, replace = false): Effect => ({
      kind: "saveFile",
      group,
      key: message.key,
      to,
      replace,
    });
    await alice.perform(save(target));
    assert.ok(readFileSync(target).equals(content));
    writeFileSync(target, "mine");
    await alice.perform(save(target));
    assert.deepEqual(alice.last("fileExists"), { kind: "fileExists", group, key: message.key, file: target });
    assert.equal(readFileSync(target, "utf8"), "mine");
    await alice.perform(save(target, true));
    assert.ok(readFileSync(target).equals(content));
    mkdirSync(path.join(scratch, "into"));
    await alice.perform(save(path.join(scratch, "into")));
    assert.ok(existsSync(path.join(scratch, "into", "a-file.bin")));
    await alice.perform(save("/proc/nowhere/x"));
    assert.equal(alice.last("failed").text, "There is no directory /proc/nowhere.");
    await alice.perform({ kind: "sendFile", group, file: scratch, keepMetadata: false });
    assert.match(alice.last("failed").text, /is no file\.$/);
    assert.match(alice.last("transfer").transfer.stopped ?? "", /\.$/);
    await alice.perform({ kind: "cancelTransfer", id: alice.last("transfer").transfer.id });
    assert.match(alice.last("transferDone").text, / was cancelled\.$/);
    await alice.perform({ kind: "send", group, text: "hello" });
    const { message: text } = await alice.until("message", ({ message: of }) => of.content?.kind === "text");
    await alice.perform({ kind: "saveFile", group, key: text.key, to: undefined, replace: false });
    assert.equal(alice.last("failed").text, "There is no file in this message.");
    await alice.perform({ kind: "sendFile", group, file: path.join(scratch, "nowhere"), keepMetadata: false });
    assert.match(alice.last("failed").text, /^nowhere: .*\.$/);
  });

  test("a picture is drawn; a file that could run is not opened, and others are opened from a directory of the user alone", async () => {
    alice.fresh();
    await alice.perform({
      kind: "sendFile",
      group,
      file: scratchFile("notes.txt", "n".repeat(200)),
      keepMetadata: false,
    });
    await alice.perform({ kind: "sendFile", group, file: scratchFile("run.desktop", "r"), keepMetadata: false });
    const sent = await Promise.all(
      ["notes.txt", "run.desktop"].map((name) =>
        alice.until("message", ({ message: of }) => of.content?.kind === "file" && of.content.name === name),
      ),
    );
    const [notes = assert.fail(), run = assert.fail()] = sent.map(({ message }) => message.key);
    await alice.perform({ kind: "previewMessage", group, key: notes, columns: 40 });
    assert.deepEqual(
      alice.all("preview").map(({ preview }) => preview),
      [{ kind: "loading" }, { kind: "lines", columns: 40, lines: ["200 bytes", "40x20"] }],
    );
    await alice.perform({ kind: "previewMessage", group, key: run, columns: 40 });
    assert.deepEqual(alice.last("preview").preview, { kind: "none", why: "it is no picture" });
    await alice.perform({ kind: "openFile", group, key: run });
    assert.match(alice.last("failed").text, /may be a program/);
    await alice.perform({ kind: "openFile", group, key: notes });
    const [opened = assert.fail()] = alice.viewed;
    assert.equal(path.basename(opened), "notes.txt");
    assert.equal(statSync(path.dirname(opened)).mode & 0o077, 0);
    await alice.perform({ kind: "send", group, text: "look (https://example.org/a?b=1&c=2)." });
    const { message } = await alice.until(
      "message",
      ({ message: of }) => of.content?.kind === "text" && of.content.text.startsWith("look"),
    );
    await alice.perform({ kind: "openFile", group, key: message.key });
    assert.equal(alice.viewed[1], "https://example.org/a?b=1&c=2");
  });
});
