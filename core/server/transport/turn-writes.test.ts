import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { binaryFrame } from "./binary-frame.ts";
import { type FrameRun, type TurnSocket, TurnWrites } from "./turn-writes.ts";

class KeptWrites implements TurnSocket {
  queued: FrameRun | undefined;
  readonly writes: Buffer[] = [];
  write(bytes: Buffer): void {
    this.writes.push(bytes);
  }
}

test("a socket gets the frames of one turn in one write, in order", async () => {
  const writes = new TurnWrites();
  const socket = new KeptWrites();
  for (const text of ["a", "b", "c"]) writes.add(socket, Buffer.from(text));
  assert.equal(socket.writes.length, 0);
  await setImmediate();
  writes.add(socket, Buffer.from("d"));
  await setImmediate();
  assert.deepEqual(socket.writes.map(String), ["abc", "d"]);
});

test("sockets with the same frames share one buffer; those with others get their own", async () => {
  const writes = new TurnWrites();
  const [ann, ben, cat, dan] = [new KeptWrites(), new KeptWrites(), new KeptWrites(), new KeptWrites()];
  const [first, second, own] = [Buffer.from("first "), Buffer.from("second "), Buffer.from("own ")];
  for (const socket of [ann, ben, cat]) writes.add(socket, first);
  writes.add(cat, own);
  for (const socket of [ann, ben, cat, dan]) writes.add(socket, second);
  await setImmediate();
  assert.deepEqual(
    [ann, ben, cat, dan].map((socket) => socket.writes.map(String)),
    [["first second "], ["first second "], ["first own second "], ["second "]],
  );
  assert.equal(ann.writes[0], ben.writes[0]);
  assert.equal(dan.writes[0], second, "a frame by itself is not copied");
});

test("frames that are flushed before the turn ends are written once, and later frames come after them", async () => {
  const writes = new TurnWrites();
  const [ann, ben] = [new KeptWrites(), new KeptWrites()];
  const [first, second] = [Buffer.from("first "), Buffer.from("second ")];
  for (const socket of [ann, ben]) writes.add(socket, first);
  writes.flush(ann);
  for (const socket of [ann, ben]) writes.add(socket, second);
  await setImmediate();
  assert.deepEqual([ann.writes.map(String), ben.writes.map(String)], [["first ", "second "], ["first second "]]);
});

test("no more than a bounded number of bytes waits for the end of the turn", async () => {
  const writes = new TurnWrites();
  const socket = new KeptWrites();
  const large = Buffer.alloc(60_000, 1);
  for (let i = 0; i < 10; i++) writes.add(socket, large);
  assert.equal(socket.writes.length, 5);
  await setImmediate();
  assert.equal(Buffer.concat(socket.writes).length, 600_000);
});

test("a frame has its length in the form of RFC 6455, and keeps its bytes when the payload changes", () => {
  for (const [length, header] of [
    [0, "8200"],
    [125, "827d"],
    [126, "827e007e"],
    [65_535, "827effff"],
    [65_536, "827f0000000000010000"],
  ] as const) {
    const payload = Buffer.alloc(length, 7);
    const frame = binaryFrame(payload);
    payload.fill(0);
    assert.equal(frame.subarray(0, header.length / 2).toString("hex"), header);
    assert.ok(frame.subarray(header.length / 2).equals(Buffer.alloc(length, 7)));
  }
});
