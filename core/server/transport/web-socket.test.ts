import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type BareTransport, bareTransport } from "../../testing/bare-transport.ts";
import { clientFrameOf, opcodes, RawConnection, upgradeRequest } from "../../testing/raw-connection.ts";
import { transportsHere, withoutUws } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";

/** A code, such as 1002, as the payload of a close frame. */
const closeCode = (code: number, reason = "") =>
  Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
const { continuation, text, binary, close, ping, pong } = opcodes;

for (const name of transportsHere) {
  suite(`a WebSocket over ${name}`, () => {
    let server: BareTransport;
    before(async () => {
      server = await bareTransport(name, { received: (connection, frame) => connection.send(frame) });
    });

    const say = (bytes: string) => {
      const connection = new RawConnection(server.port);
      connection.send(bytes);
      return connection;
    };
    const connected = async () => {
      const connection = say(upgradeRequest());
      assert.equal((await connection.answer()).status, 101);
      return connection;
    };
    const says = async (connection: RawConnection, opcode: number, payload: string) => {
      const frame = await connection.frame();
      assert.deepEqual([frame?.opcode, frame?.payload.toString()], [opcode, payload]);
    };

    test("is accepted in the form of RFC 6455 section 4.2.2", async () => {
      const { headers, reason } = await say(upgradeRequest()).answer();
      assert.equal(reason, "Switching Protocols");
      assert.equal(headers["upgrade"], "websocket");
      assert.equal(headers["connection"], "Upgrade");
      assert.equal(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    });

    for (const behind of [upgradeRequest(), "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n"]) {
      test(`ends the connection when it is asked for behind a request without an answer: ${behind.split("\r\n")[0]}`, async () => {
        const slow = await bareTransport(name, { requested: () => {} });
        const connection = new RawConnection(slow.port);
        connection.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
        await until(() => slow.requests.length > 0, "the request has come");
        connection.send(behind);
        assert.doesNotMatch((await connection.end()).toString("latin1"), /^HTTP\/1.1 [12]/);
        assert.deepEqual(slow.connections, []);
      });
    }

    test("has no subprotocol and no extension, whatever is offered", async () => {
      const offered = {
        "Sec-WebSocket-Protocol": "chat, superchat",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits, x-webkit-deflate-frame",
      };
      const { status, headers } = await say(upgradeRequest({ headers: offered })).answer();
      assert.equal(status, 101);
      assert.deepEqual(
        [headers["sec-websocket-protocol"], headers["sec-websocket-extensions"]],
        [undefined, undefined],
      );
    });

    test("is accepted also with a header of subprotocols that is no list, and has none", async () => {
      for (const offered of [",,", "a, a", "", "a b", "a;b"]) {
        const headers = { "Sec-WebSocket-Protocol": offered };
        const answer = await say(upgradeRequest({ headers })).answer();
        assert.deepEqual([answer.status, answer.headers["sec-websocket-protocol"]], [101, undefined], offered);
      }
    });

    test("reads a length in more bytes than it needs, as PROTOCOL.md says", async () => {
      const connection = await connected();
      for (const lengthBytes of [2, 8] as const) {
        connection.send(clientFrameOf(binary, "short", { lengthBytes }));
        await says(connection, binary, "short");
      }
    });

    test("is asked for by headers in any case, and with other values", async () => {
      const headers = { Upgrade: "WebSocket", Connection: "keep-alive, UPGRADE" };
      assert.equal((await say(upgradeRequest({ headers, path: "/v1?from=here" })).answer()).status, 101);
    });

    for (const [what, status, request] of [
      ["without an upgrade", 426, upgradeRequest({ headers: { Upgrade: undefined, Connection: undefined } })],
      ["with an upgrade that the connection does not name", 426, upgradeRequest({ headers: { Connection: "close" } })],
      ["for another protocol", 426, upgradeRequest({ headers: { Upgrade: "h2c" } })],
      ["in version 12", 426, upgradeRequest({ headers: { "Sec-WebSocket-Version": "12" } })],
      ["in version 8", 426, upgradeRequest({ headers: { "Sec-WebSocket-Version": "8" } })],
      ["in versions 13 and 8", 426, upgradeRequest({ headers: { "Sec-WebSocket-Version": "13, 8" } })],
      ["in no version", 426, upgradeRequest({ headers: { "Sec-WebSocket-Version": undefined } })],
      ["without a key", 400, upgradeRequest({ headers: { "Sec-WebSocket-Key": undefined } })],
      ["with a key of 15 bytes", 400, upgradeRequest({ headers: { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA" } })],
      ["with a key of 18 bytes", 400, upgradeRequest({ headers: { "Sec-WebSocket-Key": "A".repeat(24) } })],
      ["with a key that is no base64", 400, upgradeRequest({ headers: { "Sec-WebSocket-Key": "!".repeat(24) } })],
      ["without a host", 400, upgradeRequest({ headers: { Host: undefined } })],
      ["at a host that is none", 400, upgradeRequest({ headers: { Host: "a/b" } })],
      ["by POST", 405, upgradeRequest({ method: "POST" })],
    ] as const) {
      test(`that is asked for ${what} is refused with ${status}`, async () => {
        const before = server.connections.length;
        const { status: got, headers } = await say(request).answer();
        assert.equal(got, status);
        if (status === 426) {
          assert.deepEqual([headers["upgrade"], headers["sec-websocket-version"]], ["websocket", "13"]);
        }
        if (status === 405) assert.equal(headers["allow"], "GET, HEAD, OPTIONS");
        assert.equal(server.connections.length, before);
      });
    }

    test("that is asked for elsewhere is a request like any other", async () => {
      for (const path of ["/v2", "/v1/", "/", "/healthz"]) {
        assert.equal((await say(upgradeRequest({ path })).answer()).status, 200);
        assert.equal(server.requests.at(-1), `GET ${path}`);
      }
    });

    test("joins the fragments of a message that has control frames in between", async () => {
      const connection = await connected();
      connection.send(clientFrameOf(binary, "one ", { fin: false }));
      connection.send(clientFrameOf(ping, "there?"));
      connection.send(clientFrameOf(continuation, "", { fin: false }));
      connection.send(clientFrameOf(pong, "unasked"));
      connection.send(clientFrameOf(continuation, "message"));
      await says(connection, pong, "there?");
      await says(connection, binary, "one message");
    });

    test("takes control frames of up to 125 bytes", async () => {
      const connection = await connected();
      connection.send(clientFrameOf(ping, "x".repeat(125)));
      await says(connection, pong, "x".repeat(125));
    });

    test("reads a text message as one without bytes", async () => {
      const connection = await connected();
      connection.send(clientFrameOf(text, "hello"));
      await says(connection, binary, "");
    });

    for (const [what, ...frames] of [
      ["the first reserved bit", clientFrameOf(binary, "x", { reserved: 4 })],
      ["the second reserved bit", clientFrameOf(binary, "x", { reserved: 2 })],
      ["the third reserved bit", clientFrameOf(binary, "x", { reserved: 1 })],
      ["a reserved bit in a control frame", clientFrameOf(ping, "x", { reserved: 4 })],
      ["opcode 3", clientFrameOf(3, "x")],
      ["opcode 7", clientFrameOf(7, "x")],
      ["opcode 11", clientFrameOf(11, "x")],
      ["opcode 15", clientFrameOf(15, "x")],
      ["a ping in fragments", clientFrameOf(ping, "x", { fin: false })],
      ["a close frame in fragments", clientFrameOf(close, closeCode(1000), { fin: false })],
      ["a ping of 126 bytes", clientFrameOf(ping, "x".repeat(126))],
      ["a close frame of 126 bytes", clientFrameOf(close, closeCode(1000, "x".repeat(124)))],
      ["a continuation of nothing", clientFrameOf(continuation, "x")],
      ["a continuation of nothing that goes on", clientFrameOf(continuation, "x", { fin: false })],
      ["a text message inside another one", clientFrameOf(binary, "x", { fin: false }), clientFrameOf(text, "y")],
      ["text that is no UTF-8", clientFrameOf(text, Buffer.from([0xff, 0xfe]))],
      [
        "a message that is too long",
        clientFrameOf(binary, Buffer.alloc(60_000), { fin: false }),
        clientFrameOf(continuation, Buffer.alloc(60_000)),
      ],
    ] as const) {
      test(`is ended by ${what}, and hands no message on`, async () => {
        const before = server.received.length;
        const connection = await connected();
        for (const frame of frames) connection.send(frame);
        const last = await connection.frame();
        // The native library ends the connection without a close frame.
        assert.ok(!last || last.opcode === close, "no message was answered");
        await connection.end();
        assert.equal(server.received.length, before);
      });
    }

    test("is closed with the client's own code", async () => {
      for (const payload of [Buffer.alloc(0), closeCode(1000), closeCode(1001, "going"), closeCode(4999)]) {
        const connection = await connected();
        connection.send(clientFrameOf(close, payload));
        const answered = await connection.frame();
        assert.equal(answered?.opcode, close);
        assert.deepEqual(answered?.payload.subarray(0, 2), payload.subarray(0, 2));
        await connection.end();
      }
    });

    test("is ended by an invalid close frame, and does not repeat its code", async () => {
      const codes = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code) => closeCode(code));
      for (const payload of [Buffer.from([3]), ...codes, Buffer.from([3, 0xe8, 0xff, 0xfe])]) {
        const connection = await connected();
        connection.send(clientFrameOf(close, payload));
        const answered = await connection.frame();
        assert.equal(answered?.opcode, close);
        const code = answered?.payload.toString("hex");
        // No code, 1002 (a violation of the protocol) or 1007 (no UTF-8).
        assert.ok(code === "" || code === "03ea" || code === "03ef", code);
        await connection.end();
      }
    });

    test("ignores messages after the client's close frame", async () => {
      const before = server.received.length;
      const connection = await connected();
      connection.send(Buffer.concat([clientFrameOf(close, closeCode(1000)), clientFrameOf(binary, "late")]));
      assert.equal((await connection.frame())?.opcode, close);
      assert.equal((await connection.end()).length, 0);
      assert.equal(server.received.length, before);
    });

    test("sends all messages before its close frame, in order, and none after it", async () => {
      const first = server.connections.length;
      const connection = await connected();
      await until(() => server.connections.length > first, "it is open");
      const at = server.connections[first];
      at?.subscribe("news");
      at?.send(Buffer.from("one"));
      server.transport.publish("news", Buffer.from("two"));
      at?.send(Buffer.from("three"));
      server.transport.publish("news", Buffer.from("four"));
      at?.end(4006, "draining");
      server.transport.publish("news", Buffer.from("five"));
      at?.send(Buffer.from("six"));
      for (const said of ["one", "two", "three", "four"]) await says(connection, binary, said);
      const last = await connection.frame();
      assert.deepEqual(
        [last?.opcode, last?.payload.readUInt16BE(0), last?.payload.subarray(2).toString()],
        [close, 4006, "draining"],
      );
      connection.send(clientFrameOf(close, closeCode(4006)));
      assert.equal((await connection.end()).length, 0);
    });

    test("that ends in the turn in which messages are sent gets none after the close frame", async () => {
      for (const ending of [clientFrameOf(close, closeCode(1000)), clientFrameOf(binary, "x", { reserved: 4 })]) {
        const connection = await connected();
        // When the server reads the connection's end, the echoes still wait for the end of the turn.
        connection.send(Buffer.concat([clientFrameOf(binary, "a"), clientFrameOf(binary, "b"), ending]));
        const seen: number[] = [];
        for (let frame = await connection.frame(); frame; frame = await connection.frame()) {
          seen.push(frame.opcode);
          if (frame.opcode === close) connection.send(clientFrameOf(close, closeCode(1000)));
        }
        assert.ok(!seen.includes(close) || seen.indexOf(close) === seen.length - 1, `opcodes ${seen.join()}`);
      }
    });

    test("published bytes may be overwritten at once", async () => {
      const first = server.connections.length;
      const readers = await Promise.all([connected(), connected()]);
      await until(() => server.connections.length === first + 2, "both are open");
      for (const at of server.connections.slice(first)) at.subscribe("reused");
      const frame = Buffer.from("kept");
      server.transport.publish("reused", frame);
      frame.fill(0);
      await setImmediate();
      for (const reader of readers) await says(reader, binary, "kept");
    });
  });
}

test("uWebSockets.js deviates from RFC 6455 where PROTOCOL.md says so", { skip: withoutUws }, async () => {
  const server = await bareTransport("uws");
  const connected = async () => {
    const connection = new RawConnection(server.port);
    connection.send(upgradeRequest());
    await connection.answer();
    return connection;
  };
  const joined = await connected();
  joined.send(clientFrameOf(binary, "one ", { fin: false }));
  joined.send(clientFrameOf(binary, "other"));
  await until(() => server.received.length === 1, "a message that began inside another one is joined to it");
  assert.equal(server.received[0]?.toString(), "one other");
  for (const code of [1012, 1014, 3000, 3999]) {
    const closing = await connected();
    closing.send(clientFrameOf(close, closeCode(code)));
    assert.equal((await closing.frame())?.payload.length, 0, "codes of other registries are not repeated");
  }
  // The first 4 bytes are taken for a mask.
  const unmasked = await connected();
  unmasked.send(clientFrameOf(binary, Buffer.from("\0\0\0\0plain"), { masked: false }));
  unmasked.send(Buffer.from([0, 0, 0, 0]));
  await until(() => server.received.length === 2, "a frame without a mask is read as if it had one");
  assert.equal(server.received[1]?.toString("latin1"), "plain\0\0\0\0");
});

test("ws fails the connection of a client that does not mask, or begins a message inside another one", async () => {
  const server = await bareTransport("ws");
  for (const frames of [
    [clientFrameOf(binary, "plain", { masked: false })],
    [clientFrameOf(ping, "plain", { masked: false })],
    [clientFrameOf(close, closeCode(1000), { masked: false })],
    [clientFrameOf(binary, "one ", { fin: false }), clientFrameOf(binary, "other")],
  ]) {
    const connection = new RawConnection(server.port);
    connection.send(upgradeRequest());
    await connection.answer();
    for (const frame of frames) connection.send(frame);
    const failed = await connection.frame();
    assert.deepEqual([failed?.opcode, failed?.payload.readUInt16BE(0)], [close, 1002]);
    await connection.end();
  }
  assert.equal(server.received.length, 0);
});
