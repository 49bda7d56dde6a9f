import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { DescriptorBudget, descriptorShare } from "../../platform/descriptors.ts";
import { bareTransport } from "../../testing/bare-transport.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import { RawClient } from "../../testing/raw-client.ts";
import { clientFrameOf, opcodes, RawConnection, upgradeRequest } from "../../testing/raw-connection.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { encodeServerFrame } from "../../wire/server-frame.ts";
import { visitorsKept } from "./lobby.ts";
import { socketPath, type TransportName } from "./transport.ts";

const { binary, ping, pong } = opcodes;
const request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

const echoing = (name: TransportName, of: { idleSecondsMax?: number; clock?: FakeClock } = {}) =>
  bareTransport(name, { ...of, received: (connection, frame) => connection.send(frame) });

async function socketTo(port: number): Promise<RawConnection> {
  const connection = new RawConnection(port);
  connection.send(upgradeRequest());
  assert.equal((await connection.answer()).status, 101);
  return connection;
}

/** The next frame, of this kind. */
async function says(connection: RawConnection, opcode: number): Promise<void> {
  assert.equal((await connection.frame())?.opcode, opcode);
}

for (const name of transportsHere) {
  suite(`over ${name}`, () => {
    test("a client that does not read is cut off once too much waits for it, and others are not", async () => {
      const server = await bareTransport(name, { backpressureBytesMax: 256 * 1024 });
      const url = `ws://127.0.0.1:${server.port}${socketPath}`;
      const [stuck, reader] = await Promise.all([RawClient.open(url), RawClient.open(url)]);
      await until(() => server.connections.length === 2, "both are connected");
      for (const connection of server.connections) connection.subscribe("news");
      stuck.pause();
      const detail = "x".repeat(60_000);
      const frame = encodeServerFrame({ kind: "error", code: "internal", detail });
      let published = 0;
      await until(() => {
        server.transport.publish("news", frame);
        published++;
        return server.closed.length > 0;
      }, "the client that does not read is cut off");
      assert.deepEqual(server.closed, ["slow_consumer"]);
      // The system's buffers of both ends hold some megabytes more.
      assert.ok(published * frame.length < 32 * 1024 * 1024, `${published} messages waited`);
      await until(() => reader.frames.length === published, "the other one has all messages");
      assert.equal(reader.closed, undefined);
    });

    test("a connection that has ended may still be written to, and disturbs no other", async () => {
      const server = await echoing(name);
      const client = await socketTo(server.port);
      const connection = present(server.connections[0]);
      client.destroy();
      await until(() => server.closed.length === 1, "the server has noticed");
      assert.deepEqual(server.closed, ["closed"]);
      connection.send(new Uint8Array(1));
      connection.together(() => connection.send(new Uint8Array(1)));
      connection.subscribe("news");
      server.transport.publish("news", new Uint8Array(1));
      connection.unsubscribe("news");
      connection.end(4006, "draining");
      const other = await socketTo(server.port);
      other.send(clientFrameOf(binary, "hello"));
      await says(other, binary);
    });

    test("while the process may open no more sockets, a connection ends with its answer", async () => {
      const budget = new DescriptorBudget(descriptorShare(visitorsKept, 0), { open: () => 1000, clock: systemClock });
      const server = await bareTransport(name, { budget });
      const ask = async () => {
        const connection = new RawConnection(server.port);
        connection.send(request);
        return { connection, ends: /close/.test((await connection.answer()).headers["connection"] ?? "") };
      };
      const early = await ask();
      assert.ok(!early.ends);
      early.connection.destroy();
      const silent = Array.from({ length: visitorsKept + 1 }, () => new RawConnection(server.port));
      await until(() => server.lobby.short, "there is no more room");
      const late = await ask();
      assert.ok(late.ends);
      await late.connection.end();
      for (const connection of silent) connection.destroy();
    });
  });
}

test("over ws a connection is cut off after a silent period, and not while it sends frames or answers pings", async () => {
  const clock = new FakeClock();
  const server = await echoing("ws", { clock, idleSecondsMax: 60 });
  const silent = await socketTo(server.port);
  const writing = await socketTo(server.port);
  const answering = await socketTo(server.port);
  /** How many pings come before a frame of this kind. */
  const pingsBefore = async (connection: RawConnection, opcode: number) => {
    for (let pings = 0; ; pings++) {
      const frame = await connection.frame();
      assert.ok(frame);
      if (frame.opcode === opcode) return pings;
    }
  };
  for (let passed = 25; passed <= 100; passed += 25) {
    await clock.advance(25_000);
    writing.send(clientFrameOf(binary, "here"));
    assert.ok((await pingsBefore(writing, binary)) > 0);
    answering.send(Buffer.concat([clientFrameOf(pong), clientFrameOf(ping, "read?")]));
    assert.ok((await pingsBefore(answering, pong)) > 0);
    if (passed < 60) assert.ok(!silent.ended);
  }
  await silent.end();
  assert.deepEqual(server.closed, ["closed"]);
  await server.transport.close();
  assert.equal(clock.waiting, 0, "no timer is left");
});

/** Nobody can hand the library a clock, so these wait for seconds, side by side. */
suite("by the real clock", { concurrency: true }, () => {
  test("a connection over which no request comes is ended after ten seconds", async () => {
    const ended = transportsHere.map(async (name) => {
      const server = await bareTransport(name);
      await new RawConnection(server.port).end();
      assert.deepEqual(server.requests, []);
    });
    await Promise.all(ended);
  });

  test("over uws a connection is cut off after a silent period, and not while it answers pings", {
    skip: !transportsHere.includes("uws"),
  }, async () => {
    // The least period that the library takes.
    const server = await echoing("uws", { idleSecondsMax: 8 });
    const silent = await socketTo(server.port);
    const answering = await socketTo(server.port);
    let hasEnded = false;
    void silent.end().then(() => {
      hasEnded = true;
      answering.send(clientFrameOf(binary, "here"));
    });
    for (let frame = await answering.frame(); frame?.opcode !== binary; frame = await answering.frame()) {
      assert.equal(frame?.opcode, ping);
      answering.send(clientFrameOf(pong));
    }
    assert.ok(hasEnded);
    assert.deepEqual(server.closed, ["closed"]);
  });
});
