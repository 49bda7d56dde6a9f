import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { getEnvironmentData, setEnvironmentData, Worker } from "node:worker_threads";
import { Failure } from "../../platform/failure.ts";
import {
  nativePackage,
  nativeRecordFile,
  readNativeRecord,
  readRecord,
  verdictBy,
  verdictKey,
  verdictOn,
} from "./native-binary.ts";
import { availableTransport } from "./open-transport.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "native-binary-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const recorded = readRecord(nativeRecordFile);

test("every binary of the package, for any platform, is the recorded one", () => {
  assert.deepEqual(readNativeRecord(), recorded);
});

test("a binary that differs in one bit is refused with a code and what to do, unless ws is asked for", () => {
  const [name = assert.fail("none is recorded")] = Object.keys(recorded.sha256);
  const bytes = readFileSync(path.join(nativePackage().binaries, name));
  const copy = path.join(scratch, name);
  writeFileSync(copy, bytes);
  assert.deepEqual(verdictOn(copy, recorded), { kind: "recorded" });
  bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
  writeFileSync(copy, bytes);
  const verdict = verdictOn(copy, recorded);
  assert.equal(verdict.kind, "changed");
  assert.throws(
    () => availableTransport("uws", verdict),
    (cause) =>
      cause instanceof Failure &&
      cause.code === "native_binary_changed" &&
      cause.message.includes(copy) &&
      /npm ci.*npm run accept-native.*--transport ws/.test(cause.advice),
  );
  assert.equal(availableTransport("ws", verdict), "ws");
});

test("a binary without a record is refused, too, and where there is no binary ws is used", () => {
  const unknown = path.join(scratch, "uws_plan9_mips_1.node");
  assert.deepEqual(verdictOn(unknown, recorded), { kind: "absent" });
  writeFileSync(unknown, "whatever");
  assert.equal(verdictOn(unknown, recorded).kind, "changed");
});

test("a record that cannot be read is a failure that says what to do, unless ws is asked for", () => {
  const broken = path.join(scratch, "broken.json");
  writeFileSync(broken, JSON.stringify({ package: recorded.package }));
  for (const file of [path.join(scratch, "nowhere.json"), broken]) {
    const verdict = verdictBy(file);
    assert.throws(
      () => availableTransport("uws", verdict),
      (cause) =>
        cause instanceof Failure &&
        cause.code === "native_record_unreadable" &&
        cause.message.includes(file) &&
        /--transport ws/.test(cause.advice),
    );
    assert.equal(availableTransport("ws", verdict), "ws");
  }
});

test("a thread goes by the verdict of the thread that started it", async () => {
  const found = { kind: "changed", file: "some.node", sha256: "00" };
  const before = getEnvironmentData(verdictKey);
  setEnvironmentData(verdictKey, found);
  const script = `
    import { parentPort } from "node:worker_threads";
    const { nativeVerdict } = await import(${JSON.stringify(new URL("./native-binary.js", import.meta.url).href)});
    parentPort.postMessage(nativeVerdict());
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
  setEnvironmentData(verdictKey, before);
  const verdict = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  assert.deepEqual(verdict, found);
  await worker.terminate();
});
