import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { changingProxy } from "../core/conform/testing/changing-proxy.ts";
import { deploy } from "../core/testing/deployment.ts";
import { serverUrl } from "../core/testing/server-url.ts";
import { endOfCommand } from "./testing/command-here.ts";

suite("fastchat conform", () => {
  let target = "";
  let url = "";
  before(async () => {
    const deployment = await deploy();
    ({ target } = deployment);
    url = serverUrl(deployment);
  });

  test("prints a line for each case, below its section, and ends with 0", async () => {
    const { code, out, err } = await endOfCommand(["conform", target, "--only", "a ping"]);
    assert.equal(err, "");
    assert.equal(
      out,
      `Finding a server and connecting
  pass  a ping of WebSocket is answered

Requests, errors and the end of a connection
  pass  a ping is answered before the login and after it

2 cases: 2 passed, 0 failed, 0 skipped
`,
    );
    assert.equal(code, 0);
  });

  test("ends with 1 when a case fails, and prints one JSON object if asked", async () => {
    const proxy = await changingProxy(url, { fromServer: () => undefined });
    const { code, out } = await endOfCommand(["conform", proxy, "--only", "a ping", "--json"]);
    assert.equal(code, 1);
    const { address, passed, failed, skipped, results } = JSON.parse(out);
    assert.deepEqual([address, passed, failed, skipped], [proxy, 1, 1, 0]);
    assert.deepEqual(
      results.map(({ outcome, came }: { outcome: string; came?: string }) => [outcome, came]),
      [
        ["pass", undefined],
        ["fail", "nothing more"],
      ],
    );
  });

  test("ends with 2 when nobody can be reached, or the command line is wrong", async () => {
    for (const [args, complaint] of [
      [["127.0.0.1:1"], /^server_unreachable: /],
      [["ws://127.0.0.1:1/v1"], /^server_unreachable: /],
      [["https://127.0.0.1:1"], /^server_unreachable: /],
      [[], /the address of a server/],
      [[target, "--only", "weather"], /no case has "weather" in it/],
    ] as const) {
      const { code, out, err } = await endOfCommand(["conform", ...args]);
      assert.equal(code, 2, args.join(" "));
      assert.match(err, complaint);
      assert.equal(out, "");
    }
  });

  test("lists the cases without a server", async () => {
    const { out } = await endOfCommand(["conform", "--list", "--only", "Names"]);
    assert.match(out, /^Names: a name is compared in its normal form$/m);
  });
});
