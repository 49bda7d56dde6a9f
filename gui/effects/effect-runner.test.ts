import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId } from "../../core/wire/ids.ts";
import { Seat, scratch, scratchFile } from "../testing/seat.ts";

test("the terminal edits, notifies, redraws and suspends before an account is open, too", async () => {
  const seat = new Seat();
  await seat.perform({ kind: "edit", text: "draft" });
  assert.deepEqual(seat.last("edited"), { kind: "edited", text: "draft, edited" });
  await seat.perform({ kind: "notify", title: "bob in climbing", text: "hi" });
  await seat.perform({ kind: "redraw" });
  await seat.perform({ kind: "suspend" });
  assert.deepEqual(seat.terminal, ["bob in climbing: hi", "redraw", "suspend"]);
});

test("files of the machine are listed and drawn without an account", async () => {
  const seat = new Seat();
  const file = scratchFile("picture.png", "p".repeat(200));
  await seat.perform({ kind: "listDirectory", directory: scratch });
  assert.equal(seat.last("directory").directory, scratch);
  await seat.perform({ kind: "previewFile", file, columns: 10, rows: 5 });
  assert.deepEqual(seat.last("filePreview"), { kind: "filePreview", file, lines: ["200 bytes", "10x5"], why: "" });
  await seat.perform({ kind: "previewFile", file: scratch, columns: 10, rows: 5 });
  assert.notEqual(seat.last("filePreview").why, "");
});

test("an effect on the account does nothing while none is open, and nothing at all happens after the end", async () => {
  const seat = new Seat();
  await seat.perform({ kind: "send", group: groupId(1), text: "hello" });
  await seat.perform({ kind: "deleteGroup", group: groupId(1) });
  assert.deepEqual(seat.events, []);
  await seat.perform({ kind: "quit" });
  await seat.perform({ kind: "redraw" });
  assert.deepEqual(seat.terminal, ["quit"]);
});
