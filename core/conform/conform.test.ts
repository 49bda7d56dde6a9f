import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { type Clock, systemClock } from "../platform/clock.ts";
import { projectRoot } from "../platform/project-root.ts";
import { deploy } from "../testing/deployment.ts";
import { keyPair } from "../testing/key-pairs.ts";
import { transportsHere } from "../testing/transports-here.ts";
import { requestIn } from "../wire/frame.ts";
import { encodeServerFrame } from "../wire/server-frame.ts";
import { allCases } from "./cases/all-cases.ts";
import { conform } from "./conform.ts";
import { deafServer } from "./testing/deaf-server.ts";

test("the sections of all cases are headings of PROTOCOL.md, in its order, and no sentence is there twice", () => {
  const document = readFileSync(path.join(projectRoot, "core/wire/PROTOCOL.md"), "utf8");
  const headings = [...document.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
  const sections = [...new Set(allCases.map(({ section }) => section))];
  assert.deepEqual(
    sections,
    headings.filter((heading) => sections.includes(heading ?? "")),
  );
  const sentences = allCases.map(({ section, name }) => `${section}: ${name}`);
  assert.equal(new Set(sentences).size, sentences.length);
});

suite("our own server", { concurrency: true }, () => {
  for (const transport of transportsHere) {
    test(`does all of it with ${transport}`, async () => {
      const { target } = await deploy({ transport, sendsPerSecond: 50, sendBurst: 200 });
      const results = await conform({
        address: target,
        tls: {},
        clock: systemClock,
        cases: allCases,
        keys: [await keyPair(0), await keyPair(1)],
        tell() {},
      });
      assert.equal(results.length, allCases.length);
      assert.deepEqual(
        results.filter(({ outcome }) => outcome !== "pass"),
        [],
      );
    });
  }
});

test("a server under TLS is examined like any other", async () => {
  const { target, authorityFile } = await deploy({ tls: "dev" });
  const cases = allCases.filter(({ name }) =>
    /^(?:\/assign|a handshake|a request (?:with|without|in) )|any order, and ends/.test(name),
  );
  assert.ok(cases.length > 10);
  const results = await conform({
    address: `https://${target}`,
    tls: { authority: readFileSync(authorityFile ?? "", "utf8") },
    clock: systemClock,
    cases,
    keys: [await keyPair(0), await keyPair(1)],
    tell() {},
  });
  assert.deepEqual(
    results.filter(({ outcome }) => outcome !== "pass"),
    [],
  );
});

for (const [what, answer] of [
  ["says nothing", () => undefined],
  ["refuses everything", refusalOf],
] as const) {
  test(`at a server that ${what} no case passes or is skipped, but one`, async () => {
    const url = await deafServer(answer);
    // So many seconds are waited for in vain that they pass a hundred times as fast.
    const hasty: Clock = { ...systemClock, after: (ms, action) => systemClock.after(ms / 100, action) };
    const keys = [await keyPair(0), await keyPair(1)] as const;
    const results = await conform({ address: url, tls: {}, clock: hasty, cases: allCases, keys, tell() {} });
    const passed = results.filter(({ outcome }) => outcome !== "fail").map(({ name }) => name);
    // The library of the deaf server answers close frames by itself.
    assert.deepEqual(passed, ["a close frame is answered"]);
  });
}

/** An error with the number of the request, for whatever has one. */
function refusalOf(bytes: Uint8Array): Uint8Array | undefined {
  const request = requestIn(bytes);
  const refusal = { kind: "error", code: "internal", detail: "no" } as const;
  return request === undefined ? undefined : encodeServerFrame({ ...refusal, request });
}

test("an address where nobody answers is a failure", async () => {
  const keys = [await keyPair(0), await keyPair(1)] as const;
  for (const address of ["ws://127.0.0.1:1/v1", "127.0.0.1:1"]) {
    await assert.rejects(conform({ address, tls: {}, clock: systemClock, cases: allCases, keys, tell() {} }), {
      code: "server_unreachable",
    });
  }
});
