import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createIdentity, IdentityCache } from "../../core/client/index.ts";
import type { SocketOptions } from "../../core/client/socket/socket.ts";
import { createOpaqueSecret, opaqueServer } from "../../core/e2ee/opaque-server.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { accepted } from "../../core/platform/result.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { FakeNetwork, settle } from "../../core/testing/fake-network.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../core/wire/ids.ts";
import { messageTypes } from "../../core/wire/send-frame.ts";
import { unusedKeyPairs } from "../testing/fake-users.ts";
import { SimulatedUser, type UserSetup } from "./simulated-user.ts";

const [group, other] = [groupId(7), groupId(8)];

/** A user whose server is the test. */
function newUser(of: Partial<UserSetup> = {}) {
  const [network, clock] = [new FakeNetwork(), new FakeClock()];
  const events: string[] = [];
  const sockets: (SocketOptions | undefined)[] = [];
  const user = new SimulatedUser(
    {
      index: 4,
      name: "User4",
      target: "127.0.0.1:1",
      tls: undefined,
      accounts: { kind: "signUp", namePrefix: "User", password: "secret" },
      keyPairs: unusedKeyPairs,
      identities: new IdentityCache(),
      random: seededRandom(1),
      localAddress: undefined,
      opens: () => false,
      ...of,
    },
    {
      joined: ({ index }, at, after) => events.push(`${index} joined ${at} after ${after}`),
      left: ({ index }, at) => events.push(`${index} left ${at}`),
      delivered: ({ index }, at, message) => events.push(`${index} got ${message.seq} of ${at}`),
      strayed: ({ index }, at) => events.push(`${index} strayed to ${at}`),
      unreadable: ({ index }, at, detail) => events.push(`${index} cannot read ${at}: ${detail}`),
      missing: ({ index }, at, from, through) => events.push(`${index} lacks ${from}-${through} of ${at}`),
    },
    {
      dial: async () => accepted("ws://server/v1"),
      open: (url, socketEvents, options) => {
        sockets.push(options);
        return network.open(url, socketEvents);
      },
      clock,
    },
  );
  const comeOnline = () => {
    user.client.mailbox.resume(Buffer.from("token"));
    return online();
  };
  /** The server lets the user in, whose client is connecting. */
  const online = async () => {
    const connection = await network.resumed(userId(5));
    const { request } = connection.request("groups");
    const listed = { group, epoch: epoch(1), lastSeq: seq(3), logLength: 1, readSeq: seq(0) };
    connection.say({ kind: "groups", request, groups: [listed] });
    await settle();
    return connection;
  };
  return { user, network, clock, events, sockets, comeOnline, online };
}

type Connection = Awaited<ReturnType<ReturnType<typeof newUser>["comeOnline"]>>;

function deliver(connection: Connection, at: number): void {
  const [sender, id, payload] = [userId(1), clientMessageId(1n), new Uint8Array(1)];
  connection.say({
    kind: "deliver",
    group,
    firstSeq: seq(at),
    messages: [{ sender, clientMessageId: id, type: messageTypes.application, sentAt: 0, epoch: epoch(1), payload }],
  });
}

/** The request, once the client's OPAQUE has made it. */
async function asking<Asked>(request: () => Asked): Promise<Asked> {
  for (let turn = 0; turn < 1000; turn++) {
    try {
      return request();
    } catch {
      await settle();
    }
  }
  return request();
}

suite("a simulated user", () => {
  test("tells their thread of the groups that they are in, and of what comes there, from their entry on", async () => {
    const { comeOnline, events } = newUser();
    const connection = await comeOnline();
    deliver(connection, 4);
    connection.say({ kind: "left", group, epoch: epoch(2) });
    deliver(connection, 5);
    assert.deepEqual(events, ["4 joined 7 after 3", "4 got 4 of 7", "4 left 7", "4 strayed to 7"]);
  });

  test("tells their thread of messages that the server says it does not have", async () => {
    const { comeOnline, events, clock } = newUser();
    const connection = await comeOnline();
    deliver(connection, 6);
    await clock.advance(1000);
    const { request, after, through } = connection.request("sync");
    connection.say({ kind: "synced", request, group, after, through, lastSeq: seq(6) });
    await settle();
    assert.deepEqual(events.slice(1), ["4 lacks 4-5 of 7", "4 got 6 of 7"]);
  });

  test("tells their thread of a group's log that cannot be right, and of the messages that they cannot read without it", async () => {
    const { user, comeOnline, events } = newUser({ opens: () => true });
    user.client.recognise(createIdentity("user4", unusedKeyPairs), userId(5));
    const connection = await comeOnline();
    deliver(connection, 4);
    const { request } = await asking(() => connection.request("log"));
    const entries = [{ index: 0, seq: seq(1), entry: new Uint8Array(3) }];
    connection.say({ kind: "log", request, group, length: 1, entries });
    await settle();
    assert.match(events[2] ?? "", /^4 cannot read 7: log refused: .+/);
    assert.match(events[3] ?? "", /^4 cannot read 7: unknown_epoch: .+/);
    assert.equal(events.length, 4);
  });

  test("knows since when they have been online without a break", async () => {
    const { user, clock, comeOnline, online } = newUser();
    assert.deepEqual([user.onlineSinceMs, user.away], [0, false]);
    await clock.advance(500);
    await comeOnline();
    const sinceMs = clock.monotonic();
    assert.equal(user.onlineSinceMs, sinceMs);
    await clock.advance(500);
    user.leaveNetwork();
    assert.deepEqual([user.onlineSinceMs, user.away, user.client.mailbox.state], [sinceMs, true, "offline"]);
    await clock.advance(500);
    user.comeBack();
    await online();
    assert.deepEqual([user.onlineSinceMs, user.away, user.client.mailbox.state], [sinceMs + 1000, false, "online"]);
  });

  test("sends bytes as they are, under the id that they are given", async () => {
    const { user, comeOnline } = newUser();
    const connection = await comeOnline();
    const taken = user.sendBytes(group, Buffer.from("as they are"), clientMessageId(99n), () => {});
    assert.deepEqual(taken, accepted(99n));
    const [sent] = connection.all("send");
    assert.deepEqual(
      [sent?.group, sent?.epoch, sent?.clientMessageId, Buffer.from(sent?.payload ?? []).toString()],
      [group, 1, 99n, "as they are"],
    );
  });

  test("has ten thousand messages under way at most", () => {
    const { user } = newUser();
    const send = (id: number) => user.sendBytes(other, new Uint8Array(1), clientMessageId(BigInt(id)), () => {}).ok;
    for (let id = 1; id <= 10_000; id++) assert.ok(send(id));
    assert.equal(send(10_001), false);
  });

  test("seals a message under the id that they are given, and hears its outcome", async () => {
    const { user, comeOnline } = newUser();
    user.client.recognise(createIdentity("user4", unusedKeyPairs), userId(5));
    const connection = await comeOnline();
    const outcomes: boolean[] = [];
    const taken = user.sendSealed(group, { kind: "text", text: "hello" }, clientMessageId(98n), ({ ok }) =>
      outcomes.push(ok),
    );
    assert.deepEqual(taken, accepted(98n));
    connection.say({ kind: "left", group, epoch: epoch(2) });
    await settle();
    assert.deepEqual(outcomes, [false]);
  });

  test("connects from the address that they are given", async () => {
    for (const localAddress of ["127.0.2.1", undefined]) {
      const { sockets, comeOnline } = newUser({ localAddress });
      await comeOnline();
      assert.equal(sockets[0]?.localAddress, localAddress);
    }
  });

  for (const [entry, request] of [
    ["signUp", "signUpStart"],
    ["logIn", "logInStart"],
  ] as const) {
    test(`asks for ${request} under their name at their entry by ${entry}, and says what the server refuses`, async () => {
      const { user, network } = newUser();
      const entering = user.connect(entry);
      await settle();
      network.last.accept();
      const asked = await asking(() => network.last.request(request));
      assert.equal(asked.name, "User4");
      network.last.say({ kind: "error", request: asked.request, code: "busy", detail: "later" });
      const outcome = await entering;
      assert.ok(!outcome.ok && outcome.reason.code === "busy");
      assert.equal(user.welcome, undefined);
    });
  }

  test("is let in, keeps what the server tells them, and pins nobody", async () => {
    const { user, network } = newUser();
    const entering = user.connect("signUp");
    await settle();
    const { last: connection } = network;
    connection.accept();
    const started = await asking(() => connection.request("signUpStart"));
    const server = await opaqueServer(await createOpaqueSecret());
    const answer = await server.registrationResponse("user4", started.message);
    assert.ok(answer.ok);
    connection.say({ kind: "signUpStarted", request: started.request, message: answer.value });
    const { request } = await asking(() => connection.request("signUpFinish"));
    const token = Buffer.from("token");
    connection.say({
      kind: "welcome",
      request,
      user: userId(5),
      name: "user4",
      server: "s0",
      token,
      tokenExpiresAt: 1,
    });
    const outcome = await entering;
    assert.ok(outcome.ok);
    assert.deepEqual([user.user, user.welcome], [5, outcome.value]);
    assert.deepEqual(user.client.trust.list(), []);
  });

  test("is nobody before they have logged in", () => {
    const { user } = newUser();
    assert.throws(() => user.user, /User4 has not logged in/);
  });
});
