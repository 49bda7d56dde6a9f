import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { encode } from "cborg";
import { loadOrCreateSecret } from "../../cluster/deployment-secret.ts";
import { noEntryHash } from "../../e2ee/entry-check.ts";
import { signEntry } from "../../e2ee/entry-signing.ts";
import * as opaque from "../../e2ee/opaque-client.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { RawClient } from "../../testing/raw-client.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { readUint64 } from "../../wire/bytes.ts";
import { encodeClientFrame } from "../../wire/client-frame.ts";
import { clientMessageId, epoch, type GroupId, groupId, type UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { encodeSend, type MessageType } from "../../wire/send-frame.ts";
import type { ColdServerFrame } from "../../wire/server-frame.ts";
import { SessionTokens } from "./tokens.ts";

let names = 0;
const freshName = (name: string) => `${name}${names++}`;

/** A raw connection that has resumed a person's session. */
async function rawAs(deployment: TestDeployment, somebody: Person): Promise<RawClient> {
  const raw = await RawClient.open(deployment.cluster.url);
  const welcome = await raw.ask({ kind: "resume", token: somebody.token });
  assert.equal(welcome.kind, "welcome");
  return raw;
}

function errorOf(frame: ColdServerFrame): string {
  return frame.kind === "error" ? frame.code : `no error but ${frame.kind}`;
}

function send(
  group: GroupId,
  id: number,
  of: { atEpoch?: number; payload?: Uint8Array; resend?: boolean; skipsRefused?: boolean; type?: MessageType } = {},
): Uint8Array {
  return encodeSend({
    resend: of.resend ?? false,
    skipsRefused: of.skipsRefused ?? false,
    type: of.type ?? 0,
    epoch: epoch(of.atEpoch ?? 1),
    group,
    clientMessageId: clientMessageId(BigInt(id)),
    payload: of.payload ?? Buffer.from(`payload ${id}`),
  });
}

for (const transport of transportsHere) {
  suite(`a session over ${transport}`, () => {
    let deployment: TestDeployment;
    const metric = async (name: string) => {
      const text = await (await fetch(`http://${deployment.target}/metrics`)).text();
      return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1]);
    };
    before(async () => {
      deployment = await deploy({
        transport,
        sendsPerSecond: 1,
        sendBurst: 50,
        failedLoginBurst: 3,
        failedLoginsPerMinute: 0.1,
      });
    });
    after(() => deployment.stop());

    for (const [what, bytes, code] of [
      ["an empty message", new Uint8Array(0), "malformed_frame"],
      ["one byte", Buffer.from([1]), "malformed_frame"],
      ["another protocol version", Buffer.from([99, 0x50, 0xa0]), "unsupported_version"],
      ["a kind that nobody knows", Buffer.from([1, 0xee, 0xa0]), "unknown_frame"],
      ["a server's frame", Buffer.from([1, 0x82, 0, 0]), "unknown_frame"],
      ["a body that is no CBOR", Buffer.from([1, 0x50, 0xff, 0xff]), "malformed_frame"],
      ["a body with a key too many", Buffer.from([1, 0x50, ...encode({ request: 1, more: 1 })]), "malformed_frame"],
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

    test("a text message ends the connection as malformed", async () => {
      const raw = await RawClient.open(deployment.cluster.url);
      raw.sendText("hello");
      assert.equal((await raw.ended()).error, "malformed_frame");
    });

    test("a message larger than a frame may be ends the connection, by name as long as it is read at all", async () => {
      const raw = await RawClient.open(deployment.cluster.url);
      raw.sendBytes(new Uint8Array(limits.frameBytesMax + 1).fill(1));
      assert.equal((await raw.ended()).error, "frame_too_large");
      const more = await RawClient.open(deployment.cluster.url);
      more.sendBytes(new Uint8Array(4 * limits.frameBytesMax).fill(1));
      await more.ended();
    });

    test("of two logins at once on a connection, one becomes its user", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const raw = await RawClient.open(deployment.cluster.url);
      const started = await opaque.startLogin(`password of ${alice.name}`);
      const answer = await raw.ask({ kind: "logInStart", name: alice.name, message: started.message });
      const finished = await opaque.finishLogin(
        `password of ${alice.name}`,
        started.state,
        messageOf(answer),
        "simulated",
      );
      assert.ok(finished.ok);
      const both = await Promise.all([
        raw.ask({ kind: "logInFinish", message: finished.value.message }),
        raw.ask({ kind: "resume", token: bob.token }),
      ]);
      assert.equal(both.filter(({ kind }) => kind === "welcome").length, 1);
      assert.ok(both.some((frame) => errorOf(frame) === "already_authenticated"));
      await until(async () => (await metric("fastchat_connections")) >= 1, "the metrics are there");
      const before = await metric("fastchat_connections");
      raw.destroy();
      await until(async () => (await metric("fastchat_connections")) === before - 1, "nobody is left behind");
    });

    test("reads of groups that one is not in are let fall, however many", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      const frames = [
        encodeClientFrame({ kind: "read", group: groupId(4711), seq: 1 as never }),
        encodeClientFrame({ kind: "close", group: groupId(4711) }),
      ];
      for (let i = 0; i < 5000; i++) raw.sendBytes(frames[i % 2] as Uint8Array);
      for (let i = 0; i < 500; i++) raw.sendBytes(encodeClientFrame({ kind: "open", group: groupId(10_000 + i) }));
      assert.equal((await raw.ask({ kind: "ping" })).kind, "pong");
      await until(
        async () => (await raw.ask({ kind: "findUsers", names: [alice.name] })).kind === "users",
        "requests are answered again",
      );
    });

    test("so many names and ids that the answer would not fit are refused", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      const ids = Array.from({ length: 50 }, () => alice.client.user as number);
      const names = Array.from({ length: 50 }, () => alice.name);
      const answer = await raw.ask({ kind: "findUsers", names, ids });
      assert.ok(answer.kind === "users" && answer.users.every((user) => user !== null));
      raw.sendBytes(
        encodeClientFrame({ kind: "findUsers", request: 99, names: [...names, alice.name], ids: ids as never }),
      );
      assert.equal((await raw.ended()).error, "malformed_frame");
    });

    test("a frame of a user before login ends the connection", async () => {
      for (const frame of [send(groupId(1), 1), encodeClientFrame({ kind: "groups", request: 1 })]) {
        const raw = await RawClient.open(deployment.cluster.url);
        raw.sendBytes(frame);
        assert.equal((await raw.ended()).error, "not_authenticated");
      }
    });

    test("a second login on a connection is refused and the connection stays", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      assert.equal(errorOf(await raw.ask({ kind: "resume", token: alice.token })), "already_authenticated");
      assert.equal((await raw.ask({ kind: "ping" })).kind, "pong");
    });

    test("a name is taken in every spelling of it", async () => {
      const name = freshName("straße");
      await person(deployment.target, name);
      for (const spelling of [name, name.toUpperCase(), name.replace("ß", "SS")]) {
        await assert.rejects(person(deployment.target, spelling), /name_taken/);
      }
    });

    test("a name with characters that are not allowed is refused by name", async () => {
      const raw = await RawClient.open(deployment.cluster.url);
      const { message } = await opaque.startRegistration("password");
      for (const name of ["", " ", "a b", "-a", "a\u200bb", "a\nb", "x".repeat(33)]) {
        assert.equal(
          errorOf(await raw.ask({ kind: "signUpStart", name, message })),
          "name_invalid",
          JSON.stringify(name),
        );
      }
    });

    test("an unknown user and a wrong password get answers of the same form, and both fail in the end", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const answers = [];
      for (const name of [alice.name, freshName("nobody")]) {
        const raw = await RawClient.open(deployment.cluster.url);
        const started = await opaque.startLogin("wrong");
        const answer = await raw.ask({ kind: "logInStart", name, message: started.message });
        assert.equal(answer.kind, "logInStarted");
        answers.push(answer.kind === "logInStarted" ? answer.message.length : 0);
        assert.equal((await opaque.finishLogin("wrong", started.state, messageOf(answer), "simulated")).ok, false);
        assert.equal(errorOf(await raw.ask({ kind: "logInFinish", message: randomBytes(64) })), "login_failed");
      }
      assert.equal(answers[0], answers[1]);
    });

    test("guessing a password is slowed down, for names that exist and names that do not", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      for (const name of [alice.name, freshName("nobody")]) {
        const raw = await RawClient.open(deployment.cluster.url);
        const codes = [];
        for (let i = 0; i < 4; i++) {
          const { message } = await opaque.startLogin(`guess ${i}`);
          const answer = await raw.ask({ kind: "logInStart", name, message });
          codes.push(answer.kind === "error" ? answer.code : "started");
          if (answer.kind === "error") assert.ok((answer.retryAfterMs ?? 0) > 0);
        }
        assert.deepEqual(codes, ["started", "started", "started", "too_many_attempts"]);
      }
    });

    test("a login that does not begin with its beginning is refused", async () => {
      const raw = await RawClient.open(deployment.cluster.url);
      assert.equal(errorOf(await raw.ask({ kind: "logInFinish", message: randomBytes(64) })), "malformed_frame");
    });

    test("forged and cut tokens resume nothing, and the connection can still log in", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await RawClient.open(deployment.cluster.url);
      const forged = Buffer.from(alice.token);
      forged[5] = (forged[5] as number) ^ 1;
      for (const token of [forged, alice.token.subarray(0, 40), randomBytes(80), new Uint8Array(0)]) {
        assert.equal(errorOf(await raw.ask({ kind: "resume", token })), "token_invalid");
      }
      assert.equal((await raw.ask({ kind: "resume", token: alice.token })).kind, "welcome");
    });

    test("a token whose time is over resumes nothing, and says so; the connection can still log in", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const secret = await loadOrCreateSecret(path.join(deployment.directory, "secret.json"));
      const now = Date.now();
      const issued = (lifetimeMs: number) =>
        new SessionTokens(secret.token, lifetimeMs).issue(alice.client.user as UserId, alice.name, now).token;
      const raw = await RawClient.open(deployment.cluster.url);
      assert.equal(errorOf(await raw.ask({ kind: "resume", token: issued(-1) })), "token_expired");
      assert.equal((await raw.ask({ kind: "resume", token: issued(60_000) })).kind, "welcome");
    });

    test("how many steps of logins wait is among the metrics", async () => {
      assert.equal(await metric("fastchat_opaque_waiting_steps"), 0);
    });

    test("a session that was logged out resumes nothing", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await RawClient.open(deployment.cluster.url);
      await person(deployment.target, freshName("bob"));
      assert.equal((await alice.client.mailbox.request({ kind: "logOut" })).ok, true);
      assert.equal(errorOf(await raw.ask({ kind: "resume", token: alice.token })), "token_invalid");
    });

    test("a message to a group that one is not in is refused, whether or not it exists", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, bob);
      for (const target of [group, groupId(4711)]) {
        raw.sendBytes(send(target, 1));
        const reject = await raw.next((frame) => frame.kind === "reject" && frame.group === target);
        assert.equal(reject.kind === "reject" && reject.code, "not_a_member");
        for (const kind of ["log", "keys", "sync"] as const) {
          const range = kind === "sync" ? { after: 0, through: 10 } : { from: 1 };
          assert.equal(errorOf(await raw.ask({ kind, group: target, ...range })), "not_a_member");
        }
      }
    });

    test("a message under a stale epoch is refused with the epoch that holds", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      assert.ok((await alice.client.changeGroup(group, { action: "rekey" })).ok);
      const raw = await rawAs(deployment, alice);
      raw.sendBytes(send(group, 1, { atEpoch: 1 }));
      const reject = await raw.next((frame) => frame.kind === "reject");
      assert.equal(reject.kind === "reject" && reject.code, "stale_epoch");
      assert.equal(reject.kind === "reject" && reject.epoch, 2);
      raw.sendBytes(send(group, 1, { atEpoch: 7 }));
      await until(
        () => raw.frames.filter((frame) => frame.kind === "reject").length === 2,
        "an epoch of the future is refused",
      );
    });

    test("a payload over the limit is refused and the next message goes through", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, alice);
      raw.sendBytes(send(group, 1, { payload: new Uint8Array(limits.payloadBytesMax + 1) }));
      const reject = await raw.next((frame) => frame.kind === "reject");
      assert.equal(reject.kind === "reject" && reject.code, "payload_too_large");
      raw.sendBytes(send(group, 2, { payload: new Uint8Array(limits.payloadBytesMax) }));
      await raw.next((frame) => frame.kind === "ack");
    });

    test("who sends too much is told when to go on, and loses nothing else", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, alice);
      for (let i = 0; i < 60; i++) raw.sendBytes(send(group, i));
      const reject = await raw.next((frame) => frame.kind === "reject");
      assert.equal(reject.kind === "reject" && reject.code, "rate_limited");
      assert.ok(reject.kind === "reject" && (reject.retryAfterMs ?? 0) > 0);
      const acknowledged = () =>
        raw.frames.flatMap((frame) => (frame.kind === "ack" ? frame.acknowledgements : [])).length;
      const refused = () => raw.frames.filter((frame) => frame.kind === "reject").length;
      await until(() => acknowledged() + refused() === 60, "each of the messages has its answer");
      assert.ok(acknowledged() >= 50);
      // How many may come, and when, and when all is as it was: of the first that was refused, at least what it needs itself.
      const { remaining = 0, retryAfterMs = 0, resetMs = 0 } = reject;
      assert.ok(remaining >= 1 && resetMs >= retryAfterMs, JSON.stringify({ remaining, retryAfterMs, resetMs }));
    });

    test("what was sent behind a refused message is refused until that has come again, or is given up", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, alice);
      await raw.ask({ kind: "groups" });
      const answerTo = async (bytes: Uint8Array, id: number) => {
        const had = raw.frames.length;
        raw.sendBytes(bytes);
        const isOf = (bytes: Uint8Array) => readUint64(bytes, 0) === BigInt(id);
        const answers = () =>
          raw.frames.slice(had).flatMap((frame) => {
            if (frame.kind === "ack") {
              return frame.acknowledgements.some((of) => of.clientMessageId === BigInt(id)) ? ["taken in"] : [];
            }
            return frame.kind === "reject" && isOf(frame.clientMessageId) ? [frame.code] : [];
          });
        await until(() => answers().length > 0, `message ${id} is answered`);
        return answers()[0];
      };
      assert.equal(await answerTo(send(group, 1), 1), "taken in");
      assert.equal(await answerTo(send(group, 2, { atEpoch: 9 }), 2), "stale_epoch");
      assert.equal(await answerTo(send(group, 3), 3), "busy");
      assert.equal(await answerTo(send(group, 4), 4), "busy");
      assert.equal(await answerTo(send(group, 3), 3), "busy");
      // What leads to another key waits for nobody.
      assert.equal(await answerTo(send(group, 20, { type: 2 }), 20), "taken in");
      assert.equal(await answerTo(send(group, 2), 2), "taken in");
      assert.equal(await answerTo(send(group, 4), 4), "busy");
      assert.equal(await answerTo(send(group, 3), 3), "taken in");
      assert.equal(await answerTo(send(group, 4), 4), "taken in");

      assert.equal(await answerTo(send(group, 5, { atEpoch: 9 }), 5), "stale_epoch");
      assert.equal(await answerTo(send(group, 6), 6), "busy");
      assert.equal(await answerTo(send(group, 7, { skipsRefused: true }), 7), "taken in");
      assert.equal(await answerTo(send(group, 8), 8), "taken in");
      // Refused for good, it has no turn.
      assert.equal(
        await answerTo(send(group, 9, { payload: new Uint8Array(limits.payloadBytesMax + 1) }), 9),
        "payload_too_large",
      );
      assert.equal(await answerTo(send(group, 10), 10), "taken in");
    });

    test("a message sent twice has one place, and members get it once", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const group = await groupOf(alice, bob);
      const watching = await rawAs(deployment, bob);
      await watching.ask({ kind: "groups" });
      const raw = await rawAs(deployment, alice);
      raw.sendBytes(send(group, 5));
      await raw.next((frame) => frame.kind === "ack");
      raw.sendBytes(send(group, 5, { resend: true }));
      raw.sendBytes(send(group, 6));
      const acks = () => raw.frames.flatMap((frame) => (frame.kind === "ack" ? frame.acknowledgements : []));
      await until(() => acks().length === 3, "three acknowledgements");
      assert.deepEqual(
        acks().map(({ clientMessageId: id, seq }) => [Number(id), Number(seq)]),
        [
          [5, 2],
          [5, 2],
          [6, 3],
        ],
      );
      const delivered = () => watching.frames.flatMap((frame) => (frame.kind === "deliver" ? frame.messages : []));
      await until(() => delivered().some((message) => message.clientMessageId === 6n), "the last message arrives");
      assert.deepEqual(
        delivered().map((message) => Number(message.clientMessageId)),
        [5, 6],
      );
    });

    test("history comes in pages that together are all of it", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, alice);
      for (let i = 1; i <= 5; i++)
        raw.sendBytes(send(group, i, { payload: new Uint8Array(limits.payloadBytesMax - 100) }));
      await until(
        () => raw.frames.flatMap((f) => (f.kind === "ack" ? f.acknowledgements : [])).length === 5,
        "five are stored",
      );
      const reader = await rawAs(deployment, alice);
      let after = 0;
      let pages = 0;
      for (;;) {
        const page = await reader.ask({ kind: "sync", group, after, through: 100 });
        assert.equal(page.kind, "synced");
        if (page.kind !== "synced") return;
        pages++;
        after = page.through;
        if (after >= page.lastSeq) break;
      }
      assert.ok(pages > 1, "the bound on bytes makes more than one page");
      const seqs = reader.frames.flatMap((f) => (f.kind === "deliver" ? f.messages.map((_, i) => f.firstSeq + i) : []));
      assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6]);
    });

    test("what a member claims to have does not move the group's last place", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const group = await groupOf(alice, bob);
      const raw = await rawAs(deployment, bob);
      const answer = await raw.ask({ kind: "sync", group, after: 1e15, through: 2e15 });
      assert.ok(answer.kind === "synced" && answer.lastSeq === 1, JSON.stringify(answer));
      const groups = await (await rawAs(deployment, alice)).ask({ kind: "groups" });
      assert.ok(groups.kind === "groups" && groups.groups[0]?.lastSeq === 1, JSON.stringify(groups));
    });

    test("who looks at a group sees who is there and how far they have read", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const group = await groupOf(alice, bob);
      await alice.say(group, "hello");
      const raw = await rawAs(deployment, alice);
      raw.sendBytes(encodeClientFrame({ kind: "open", group }));
      const online = () => {
        const users = new Set<number>();
        for (const frame of raw.frames) {
          if (frame.kind !== "presence") continue;
          for (const user of frame.online) users.add(user);
          for (const user of frame.offline) users.delete(user);
        }
        return [...users].sort((a, b) => a - b);
      };
      const [aliceId, bobId] = [alice.client.user as number, bob.client.user as number];
      await until(() => online().length === 2, "both are shown online");
      bob.client.mailbox.read(group, 2 as never);
      const cursorOf = (user: number) =>
        raw.frames.flatMap((f) => (f.kind === "cursors" ? f.cursors : [])).findLast(([of]) => of === user)?.[1];
      await until(() => cursorOf(bobId) === 2, "bob's cursor is shown");
      await bob.client.close();
      await until(() => online().length === 1 && online()[0] === aliceId, "bob is shown offline");
    });

    test("requests of a connection beyond the bound are answered busy, not queued", async () => {
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

    test("keys that are staged without end are refused", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      const user = alice.client.user as number;
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

    test("of two keys staged for one user and epoch the last is kept, whatever became of the attempt before", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      const user = alice.client.user as UserId;
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

    test("HTTP answers what it knows, and names what it does not", async () => {
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

    test("HTTP that is none is answered or cut off, and nothing breaks", async () => {
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

  test(`a server that is full says so to who comes too late, and to nobody else (${transport})`, async () => {
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

function messageOf(frame: ColdServerFrame): Uint8Array {
  assert.ok("message" in frame);
  return frame.message;
}
