import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { systemClock } from "../../platform/clock.ts";
import { DescriptorBudget, descriptorShare } from "../../platform/descriptors.ts";
import { messageOf } from "../../platform/failure.ts";
import { createLog, silentLog } from "../../platform/log.ts";
import { pickOne, seededRandom } from "../../platform/random.ts";
import { bareTransport } from "../../testing/bare-transport.ts";
import { givenSeed } from "../../testing/chaos.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import { RawConnection, upgradeRequest } from "../../testing/raw-connection.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { Lobby, overdraft, visitorsKept } from "./lobby.ts";

const request = (method: string, path: string, ...lines: readonly string[]) =>
  [`${method} ${path} HTTP/1.1`, "Host: x", ...lines, "", ""].join("\r\n");

/** A lobby with room for `room` visitors besides those that are always let in, and the names of the closed ones, in order. */
function lobbyFor(room: number, log = silentLog) {
  const clock = new FakeClock();
  const closed: string[] = [];
  let visitors = 0;
  const budget = new DescriptorBudget(descriptorShare(visitorsKept + room, 0), { open: () => visitors, clock });
  const lobby = new Lobby({ budget, clock, log });
  const enter = (name: string) => {
    const visitor = {
      close() {
        visitors--;
        closed.push(name);
        lobby.left();
      },
    };
    visitors++;
    lobby.enter(visitor);
    return visitor;
  };
  const enterAll = (name: string, count: number) => {
    for (let i = 0; i < count; i++) enter(`${name}${i}`);
  };
  return { lobby, clock, closed, enter, enterAll };
}

test("the longest silent visitors are closed to make room for the next", () => {
  const { clock, closed, enter, enterAll, lobby } = lobbyFor(10);
  const asking = enter("asking");
  lobby.asks(asking);
  enterAll("old", visitorsKept + 9);
  clock.stall(1000);
  enterAll("new", 3);
  assert.deepEqual(closed, ["old0", "old1", "old2"]);
  lobby.close();
});

test("a burst of newcomers is let in a little beyond the bound, so that they have the time to send a request", () => {
  const { clock, closed, enter, enterAll, lobby } = lobbyFor(10);
  enterAll("first", visitorsKept + 10);
  const before = closed.length;
  let more = 0;
  while (closed.length === before && more < overdraft) enter(`newcomer${more++}`);
  assert.ok(more > overdraft / 3 && more < overdraft, `${more} are let in, and there is an end to it`);
  assert.equal(closed.at(-1), `first${before}`);
  clock.stall(1000);
  enter("later");
  assert.equal(closed.length, before + 2);
  lobby.close();
});

test("operators are told once when there is no room, and once when there is again", async () => {
  const lines: string[] = [];
  const { clock, enterAll, lobby } = lobbyFor(10, createLog("info", {}, { write: (line) => void lines.push(line) }));
  enterAll("first", visitorsKept + 5);
  assert.deepEqual([lines, lobby.short], [[], false]);
  enterAll("more", 30);
  assert.ok(lobby.short);
  assert.equal(lines.length, 1);
  assert.match(present(lines[0]), /"level":"warn".*may open no more sockets/);
  await clock.advance(60_000);
  assert.equal(lines.length, 2);
  assert.match(present(lines[1]), /"level":"info".*"closed":\d+.*may open sockets again/);
  assert.ok(!lobby.short);
  lobby.close();
});

for (const name of transportsHere) {
  suite(`connections that are no WebSockets, over ${name}`, () => {
    /** A transport that may have `room` connections open, and connections to it. */
    async function bounded(room: number) {
      const connections: RawConnection[] = [];
      const open = () => connections.filter((connection) => !connection.ended).length;
      // There is no overdraft.
      const share = descriptorShare(room, overdraft);
      const server = await bareTransport(name, { budget: new DescriptorBudget(share, { open, clock: systemClock }) });
      const connect = async () => {
        const connection = new RawConnection(server.port);
        await connection.connected();
        connections.push(connection);
        return connection;
      };
      return { server, connect };
    }

    // Over uWebSockets.js it is not known over which connection of an address a request comes, so none of them is closed.
    const skip = name === "uws" && "by ws alone: see PROTOCOL.md";
    test("that send no request are closed before a newcomer, whatever other connections of their address send", {
      skip,
    }, async () => {
      const { connect } = await bounded(24);
      const answered = async (connection: RawConnection) => {
        connection.send(request("GET", "/"));
        assert.equal((await connection.answer()).status, 200);
      };
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 20; i++) await connect();
        await answered(await connect());
        const newcomer = await connect();
        for (let i = 0; i < 8; i++) await connect();
        await answered(newcomer);
      }
    });

    test("are counted right, whatever they send and however they end", async () => {
      const seed = givenSeed() ?? randomInt(2 ** 31);
      const random = seededRandom(seed);
      try {
        const { server, connect } = await bounded(40);
        const open: RawConnection[] = [];
        const body = "x".repeat(2000);
        const said: readonly string[] = [
          "",
          "GET / HT",
          request("GET", "/"),
          request("GET", "/", "Connection: close"),
          request("HEAD", "/"),
          request("HEAD", "/v1"),
          request("GET", "/v1"),
          request("GET", "/") + request("GET", "/"),
          request("PUT", "/", `Content-Length: ${body.length}`),
          request("PUT", "/", `Content-Length: ${body.length}`) + body,
          request("PUT", "/", `Content-Length: ${body.length}`) + body + request("GET", "/"),
          request("PUT", "/", "Transfer-Encoding: chunked"),
          `${request("PUT", "/", "Transfer-Encoding: chunked")}1\r\nx\r\n0\r\n\r\n`,
          "0\r\n\r\n",
          body,
          upgradeRequest(),
        ];
        for (let i = 0; i < 600; i++) {
          if (random.below(2) === 0) open.push(await connect());
          if (open.length === 0) continue;
          const one = pickOne(random, open);
          if (random.below(5) === 0) one.destroy();
          else one.send(pickOne(random, said));
          if (random.below(3) === 0) await setImmediate();
        }
        // The connections that are left are closed to make room for one that sends a request.
        const last = await connect();
        last.send(request("GET", "/"));
        assert.equal((await last.answer()).status, 200);
        for (const one of [...open, last]) one.destroy();
        await until(() => server.lobby.visitors === 0, "all have left");
      } catch (cause) {
        throw new Error(`TEST_SEED=${seed} plays this again: ${messageOf(cause)}`, { cause });
      }
    });
  });
}
