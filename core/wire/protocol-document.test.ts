import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { serveSettings } from "../cluster/serve-settings.ts";
import { projectRoot } from "../platform/project-root.ts";
import { present } from "../testing/present.ts";
import { ackEntriesMax, ackKind } from "./ack-frame.ts";
import { attachmentIdBytes, chunkPlainBytes, chunkSealBytes, chunkStoredBytes } from "./attachment.ts";
import { deliverCountMax, deliverKind } from "./deliver-frame.ts";
import { errorCodes, httpErrorCodes } from "./errors.ts";
import { limits } from "./limits.ts";
import { membershipActions } from "./membership-entry.ts";
import { opaqueBytes } from "./opaque-bytes.ts";
import { withFrameTables } from "./protocol/frame-tables.ts";
import { kindByte } from "./protocol/written-fields.ts";
import { sendKind } from "./send-frame.ts";

/** The tables of PROTOCOL.md say what the code does: strangers write clients by them. */
const document = readFileSync(path.join(projectRoot, "core/wire/PROTOCOL.md"), "utf8");

/** The rows of the table whose head begins with these cells, code marks taken off. */
function table(...head: string[]): string[][] {
  const lines = document.split("\n");
  const begins = (line: string) => head.every((cell, i) => cellsOf(line)[i] === cell);
  const starts = lines.flatMap((line, at) => (line.startsWith("|") && begins(line) ? [at] : []));
  assert.equal(starts.length, 1, `tables with the head ${head.join(" | ")}`);
  const rows = lines.slice(present(starts[0]) + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith("|")),
    )
    .map(cellsOf);
}

function cellsOf(line: string): string[] {
  const cells = line.split("|").slice(1, -1);
  return cells.map((cell) => cell.trim().replaceAll("`", ""));
}

const sorted = (rows: readonly (readonly (string | undefined)[])[]) =>
  rows.toSorted((a, b) => (a.join() < b.join() ? -1 : 1));
const decimal = (number: number) => number.toLocaleString("en-US");

suite("PROTOCOL.md", () => {
  test("has the frames of the code, as `npm run protocol` writes them", () => {
    assert.equal(withFrameTables(document), document);
  });

  test("has the kinds of the hot frames", () => {
    const headings = [...document.matchAll(/^### ([A-Z]+), (0x[0-9a-f]{2}), /gm)].map(([, name, kind]) => [name, kind]);
    assert.deepEqual(headings, [
      ["SEND", kindByte(sendKind)],
      ["ACK", kindByte(ackKind)],
      ["DELIVER", kindByte(deliverKind)],
    ]);
  });

  test("has every error with its close code and what a client does", () => {
    const coded = Object.entries(errorCodes).map(([code, { closeCode, client }]) => [
      code,
      String(closeCode ?? "–"),
      client,
    ]);
    assert.deepEqual(table("code", "close code"), coded);
  });

  test("has every HTTP error with its status and what a client does", () => {
    const coded = Object.entries(httpErrorCodes).map(([code, { status, client }]) => [code, String(status), client]);
    assert.deepEqual(table("code", "status"), coded);
  });

  test("names only codes that there are", () => {
    const known = new Set<string>([...Object.keys(errorCodes), ...Object.keys(httpErrorCodes)]);
    // These answer other HTTP requests, and are no codes of the table's.
    for (const other of ["not_found", "no_server", "database_away"]) known.add(other);
    const named = [...document.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, code]) => present(code));
    assert.ok(named.length > 50);
    assert.deepEqual([...new Set(named.filter((code) => !known.has(code)))], []);
  });

  test("has every limit with its number", () => {
    const bounds = {
      ...limits,
      ackEntriesMax,
      deliverCountMax,
      attachmentIdBytes,
      chunkPlainBytes,
      chunkSealBytes,
      chunkStoredBytes,
    };
    const documented = table("name", "limit").map(([name, limit]) => [name, limit]);
    const coded = Object.entries(bounds).map(([name, limit]) => [name, decimal(limit)]);
    assert.deepEqual(sorted(documented), sorted(coded));
  });

  test("has every OPAQUE message with the bytes that it has", () => {
    const { registrationRequest, registrationResponse, registrationRecord, ke1, ke2, ke3 } = opaqueBytes;
    assert.deepEqual(
      table("frame", "content", "bytes").map(([frame, , bytes]) => [frame, bytes]),
      [
        ["signUpStart.message, passwordStart.message", String(registrationRequest)],
        ["signUpStarted.message, passwordStarted.message", String(registrationResponse)],
        ["signUpFinish.record, passwordFinish.record", String(registrationRecord)],
        ["logInStart.message", String(ke1)],
        ["logInStarted.message", String(ke2)],
        ["logInFinish.message", String(ke3)],
      ],
    );
  });

  test("has the defaults of a server's settings", () => {
    const of = (name: keyof typeof serveSettings) => Number(serveSettings[name].default);
    const mebi = 1024 * 1024;
    assert.deepEqual(
      table("by default").map(([setting]) => setting),
      [
        `${of("sendsPerSecond")} a second, ${of("sendBurst")} at once`,
        `${of("failedLoginsPerMinute")} a minute, ${of("failedLoginBurst")} at once`,
        decimal(of("connectionsMax")),
        `${of("backpressureBytesMax") / mebi} MiB`,
        `${of("idleSecondsMax")} s`,
        `${of("attachmentBytesMax") / mebi} MiB`,
        `${of("attachmentQuotaBytes") / mebi / 1024} GiB`,
      ],
    );
    assert.match(document, new RegExp(`\\(${of("sessionDays")} days\\s+after the login`));
  });

  test("has every action of a membership entry", () => {
    assert.deepEqual(
      table("action", "who may").map(([action]) => action),
      membershipActions,
    );
  });
});
