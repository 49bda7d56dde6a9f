import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { after, before, suite, test } from "node:test";
import { encode } from "cborg";
import { noEntryHash } from "../../e2ee/entry-check.ts";
import { signEntry } from "../../e2ee/entry-signing.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { RawClient } from "../../testing/raw-client.ts";
import { deployStrict, errorOf, freshName, rawAs, send } from "../../testing/session-frames.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { encodeClientFrame } from "../../wire/client-frame.ts";
import { epoch, groupId, seq } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";

for (const transport of transportsHere) {
  suite(`a session over ${transport}`, () => {
    let deployment: TestDeployment;
    before(async () => {
      deployment = await deployStrict(transport);
    });
    after(() => deployment.stop());

    for (const [what, bytes, code] of [
      ["an empty message", new Uint8Array(0), "malformed_frame"],
      ["one byte", Buffer.from([1]), "malformed_frame"],
      ["another protocol version", Buffer.from([99, 0x50, 0xa0]), "unsupported_version"],
      ["a kind that nobody knows", Buffer.from([1, 0xee, 0xa0]), "unknown_frame"],
      ["a server's frame", Buffer.from([1, 0x82, 0, 0]), "unknown_frame"],
      ["a body that is no CBOR", Buffer.from([1, 0x50, 0xff, 0xff]), "malformed_frame"],
      ["a SEND that is cut in its header", send(groupId(1), 1).subarray(0, 20), "malformed_frame"],
      ["a SEND that is cut in its payload", send(groupId(1), 1).subarray(0, 30), "malformed_frame"],
      ["random bytes", Buffer.concat([Buffer.from([1]), randomBytes(200)]), undefined],
    ] as const) {
      test(`${what} ends the connection with a named error`, async () => {
        const raw = await RawClient.open(deployment.cluster.url);
        raw.sendBytes(bytes);
        const { error } = await raw.ended();
        if (code === undefined) assert.ok(error);
        else assert.equal(error, code);
        const said = raw.frames.find((frame) => frame.kind === "error");
        assert.equal(said?.code, error);
      });
    }

    test("a request that cannot be read, but has a number, is answered, and the connection goes on", async () => {
      const raw = await RawClient.open(deployment.cluster.url);
      for (const [kind, body, code] of [
        [0x50, { request: 1001, more: 1 }, "malformed_frame"],
        [0x10, { request: 1002 }, "malformed_frame"],
        [0x16, { request: 2 ** 32 - 1, after: "text" }, "malformed_frame"],
        [0xee, { request: 1003, of: "tomorrow" }, "unknown_frame"],
      ] as const) {
        raw.sendBytes(Buffer.from([1, kind, ...encode(body)]));
        await until(
          () => raw.frames.some((frame) => frame.kind === "error" && frame.request === body.request),
          "an answer",
        );
        const answer = raw.frames.find((frame) => frame.kind === "error" && frame.request === body.request);
        assert.equal(answer?.kind === "error" && answer.code, code);
      }
      assert.equal((await raw.ask({ kind: "ping" })).kind, "pong");
    });

    test("a text message ends the connection as malformed", async () => {
      const raw = await RawClient.open(deployment.cluster.url);
      raw.sendText("hello");
      assert.equal((await raw.ended()).error, "malformed_frame");
    });

    test("a message over the bound of a frame ends the connection, with frame_too_large unless it is much larger", async () => {
      const raw = await RawClient.open(deployment.cluster.url);
      raw.sendBytes(new Uint8Array(limits.frameBytesMax + 1).fill(1));
      assert.equal((await raw.ended()).error, "frame_too_large");
      const more = await RawClient.open(deployment.cluster.url);
      more.sendBytes(new Uint8Array(4 * limits.frameBytesMax).fill(1));
      await more.ended();
    });

    test("frames about groups of others are dropped, however many come", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      const frames = [
        encodeClientFrame({ kind: "read", group: groupId(4711), seq: seq(1) }),
        encodeClientFrame({ kind: "close", group: groupId(4711) }),
      ];
      for (let i = 0; i < 2500; i++) for (const frame of frames) raw.sendBytes(frame);
      for (let i = 0; i < 500; i++) raw.sendBytes(encodeClientFrame({ kind: "open", group: groupId(10_000 + i) }));
      assert.equal((await raw.ask({ kind: "ping" })).kind, "pong");
      await until(
        async () => (await raw.ask({ kind: "findUsers", names: [alice.name] })).kind === "users",
        "requests are answered again",
      );
    });

    test("a request for more names and ids than fit into an answer is malformed", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      const ids = Array.from({ length: 50 }, () => present(alice.client.user));
      const names = Array.from({ length: 50 }, () => alice.name);
      const answer = await raw.ask({ kind: "findUsers", names, ids });
      assert.ok(answer.kind === "users" && answer.users.every((user) => user !== null));
      assert.equal(
        errorOf(await raw.ask({ kind: "findUsers", names: [...names, alice.name], ids })),
        "malformed_frame",
      );
    });

    test("a frame of a user before login ends the connection", async () => {
      for (const frame of [send(groupId(1), 1), encodeClientFrame({ kind: "groups", request: 1 })]) {
        const raw = await RawClient.open(deployment.cluster.url);
        raw.sendBytes(frame);
        assert.equal((await raw.ended()).error, "not_authenticated");
      }
    });

    test("requests of a connection beyond the bound are refused as busy, not queued", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      const answers = await Promise.all(
        Array.from({ length: limits.requestsInFlightMax + 20 }, () =>
          raw.ask({ kind: "findUsers", names: [alice.name] }),
        ),
      );
      const busy = answers.filter((answer) => answer.kind === "error" && answer.code === "busy").length;
      const found = answers.filter((answer) => answer.kind === "users").length;
      assert.equal(busy + found, answers.length);
      assert.ok(found >= limits.requestsInFlightMax);
    });

    test("staged keys beyond the bound are refused as busy", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      const user = present(alice.client.user);
      const stage = (group: number, firstEpoch: number) => {
        const keys = Array.from({ length: limits.stagedKeysPerFrameMax }, (_, i) => ({
          epoch: firstEpoch + i,
          user,
          wrapped: new Uint8Array(16),
        }));
        return raw.ask({ kind: "stageKeys", group, keys });
      };
      const framesMax = limits.stagedKeysMax / limits.stagedKeysPerFrameMax;
      for (let frame = 0; frame < framesMax; frame++) {
        assert.equal((await stage(77 + (frame % 2), 1 + frame * limits.stagedKeysPerFrameMax)).kind, "done");
      }
      assert.equal(errorOf(await stage(79, 1)), "busy");
      assert.equal((await stage(77, 1)).kind, "done", "the same ones again are no more than before");
    });

    test("of two keys that are staged for one user and epoch the last is kept", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      const user = present(alice.client.user);
      const group = groupId(1 + randomBytes(4).readUInt32BE());
      for (const wrapped of [Buffer.from("given up"), Buffer.from("meant")]) {
        const staged = await raw.ask({ kind: "stageKeys", group, keys: [{ epoch: 1, user, wrapped }] });
        assert.equal(staged.kind, "done");
      }
      const entry = signEntry(
        {
          group,
          index: 0,
          epoch: epoch(1),
          action: "create",
          actor: user,
          actorFingerprint: alice.identity.public.fingerprint,
          subjects: [],
          previous: noEntryHash,
          opening: Buffer.from("opening"),
          settings: { suite: "rsa-fernet", history: false, expireSeconds: 0 },
        },
        alice.identity.signingKey,
      );
      assert.equal((await raw.ask({ kind: "change", entry })).kind, "changed");
      const answer = await raw.ask({ kind: "keys", group, from: 1 });
      assert.ok(answer.kind === "keys");
      assert.deepEqual(
        answer.keys.map(({ wrapped }) => Buffer.from(wrapped).toString()),
        ["meant"],
      );
    });

    test("HTTP answers its routes, and refuses others with a code", async () => {
      const get = async (path: string, method = "GET") => {
        const response = await fetch(`http://${deployment.target}${path}`, { method });
        return [response.status, await response.text()] as const;
      };
      assert.deepEqual(await get("/healthz"), [200, "ok\n"]);
      assert.deepEqual(await get("/readyz"), [200, "ready\n"]);
      assert.match((await get("/metrics"))[1], /fastchat_connections\{server="s0"\} \d+/);
      assert.match((await get("/nowhere"))[1], /^not_found: /);
      assert.equal((await get("/healthz", "POST"))[0], 405);
      assert.match((await get("/assign"))[1], /"url":"ws:/);
    });

    test("bytes that are no HTTP are refused or cut off, and the server goes on", async () => {
      const port = Number(deployment.target.split(":")[1]);
      for (const text of [
        "GET // HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET http://[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET /assign?%ff&=&& HTTP/1.1\r\nhost: [\r\nconnection: close\r\n\r\n",
        "nonsense\r\n\r\n",
        `GET /${"x".repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
        "GET /v1 HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: x\r\n\r\n",
      ]) {
        const socket = connect({ host: "127.0.0.1", port });
        socket.on("error", () => {});
        socket.end(text);
        socket.resume();
        await new Promise((resolve) => socket.once("close", resolve));
      }
      assert.equal((await fetch(`http://${deployment.target}/healthz`)).status, 200);
    });
  });

  test(`a server that is full refuses further connections with server_full, and keeps the others (${transport})`, async () => {
    const full = await deploy({ transport, connectionsMax: 2 });
    const alice = await person(full.target, freshName("alice"));
    const bob = await person(full.target, freshName("bob"));
    for (let i = 0; i < 3; i++) {
      const late = await RawClient.open(full.cluster.url);
      assert.equal((await late.ended()).error, "server_full");
    }
    assert.deepEqual([alice.client.mailbox.state, bob.client.mailbox.state], ["online", "online"]);
    await bob.client.close();
    await until(async () => {
      const raw = await RawClient.open(full.cluster.url);
      const answer = await raw.ask({ kind: "ping" }).catch(() => undefined);
      raw.destroy();
      return answer?.kind === "pong";
    }, "there is room again");
    await full.stop();
  });
}
