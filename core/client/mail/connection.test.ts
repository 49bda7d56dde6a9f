import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { refused } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { FakeNetwork, settle } from "../../testing/fake-network.ts";
import { present } from "../../testing/present.ts";
import { opaqueBytes } from "../../wire/opaque-bytes.ts";
import { Mailbox } from "./mailbox.ts";
import { alice, answerGroups, group, letIn, online, say, sends, setUp, token } from "./testing/fake-mail.ts";

test("going offline and online at any stage of connecting leaves at most one socket", async () => {
  for (const stage of ["before it is dialled", "opening", "open", "resumed", "online", "waiting for another try"]) {
    const setup = setUp();
    const { mailbox, network, clock } = setup;
    const live = () => network.connections.filter(({ isClosed }) => !isClosed);
    const reach = async (): Promise<void> => {
      if (stage === "before it is dialled") return;
      await settle();
      if (stage === "opening") return;
      network.last.accept();
      await settle();
      if (stage === "open") return;
      if (stage === "waiting for another try") return network.last.break();
      network.last.welcome(alice);
      await settle();
      if (stage === "online") answerGroups(network.last, [{ group }]);
      await settle();
    };
    mailbox.resume(token);
    for (let time = 0; time < 20; time++) {
      await reach();
      // Each toggle but the first comes before the one before it has dialled.
      for (let toggle = 0; toggle < 3; toggle++) {
        mailbox.goOffline();
        mailbox.goOnline();
      }
      await settle();
      assert.ok(live().length <= 1, `${live().length} sockets when toggled ${stage}`);
    }
    // No attempt that was begun before comes back later.
    const made = network.connections.length;
    mailbox.goOffline();
    await clock.advance(30_000);
    assert.equal(live().length, 0, stage);
    assert.equal(network.connections.length, made, stage);
  }
});

test("a login leaves one socket, whatever was under way before it", async () => {
  for (const before of ["online", "connecting", "waiting for another try"]) {
    const setup = setUp();
    const { mailbox, network, clock } = setup;
    mailbox.resume(token);
    await settle();
    if (before === "online") await letIn(setup);
    if (before === "waiting for another try") {
      network.last.break();
      await settle();
    }
    const login = mailbox.logIn((link) =>
      link.request({ kind: "logInFinish", message: new Uint8Array(opaqueBytes.ke3) }),
    );
    await settle();
    network.last.accept();
    await settle();
    const { request } = network.last.request("logInFinish");
    network.last.say({ kind: "welcome", request, user: alice, name: "alice", server: "s0", token, tokenExpiresAt: 1 });
    assert.ok((await login).ok, before);
    await clock.advance(9000);
    assert.equal(network.connections.filter(({ isClosed }) => !isClosed).length, 1, before);
    assert.equal(mailbox.state, "online");
  }
});

test("a server that is about to stop is left at once, and nothing is lost", async () => {
  const setup = await online();
  say(setup.mailbox, "hello");
  setup.connection.say({ kind: "goAway", reason: "draining" });
  assert.ok(setup.connection.isClosed);
  await setup.clock.advance(200);
  const again = await letIn(setup);
  assert.deepEqual(sends(again), ["hello again @1"]);
});

test("a client leaves a server that sends bytes that are no frame", async () => {
  const { connection } = await online();
  connection.sayBytes(Buffer.from([1, 0x82, 0, 5, 1]));
  assert.ok(connection.isClosed);
});

test("a token that resumes nothing any more is final: the user has to log in", async () => {
  for (const code of ["token_expired", "token_invalid"] as const) {
    const setup = setUp();
    setup.mailbox.resume(token);
    await settle();
    const { last } = setup.network;
    last.accept();
    await settle();
    last.say({ kind: "error", request: last.request("resume").request, code, detail: "" });
    await setup.clock.advance(60_000);
    assert.equal(setup.network.connections.length, 1);
    assert.equal(setup.states.at(-1), "loggedOut");
  }
});

test("pauses between attempts to connect grow, and differ between clients", async () => {
  const pauses = async (seed: number) => {
    const network = new FakeNetwork();
    const clock = new FakeClock();
    const tries: number[] = [];
    const mailbox = new Mailbox(
      {
        dial: async () => {
          tries.push(clock.now());
          return refused({ code: "offline", detail: "nobody there" });
        },
        open: network.open,
        clock,
        random: seededRandom(seed),
      },
      { outboxMax: 1 },
      { connection() {}, delivered() {}, missing() {} },
    );
    mailbox.resume(token);
    await clock.advance(120_000);
    mailbox.close();
    return tries.slice(1).map((at, i) => at - present(tries[i]));
  };
  const [first, second] = [await pauses(1), await pauses(2)];
  assert.notDeepEqual(first, second);
  for (const [i, pause] of first.entries())
    assert.ok(pause <= Math.min(10_000, 100 * 2 ** i), `pause ${i} of ${pause} ms`);
  assert.ok(Math.max(...first) > 2000, "they grow");
});

test("a connection that does not open is given up, and another is tried", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  await settle();
  await setup.clock.advance(11_000);
  assert.ok(setup.network.connections[0]?.isClosed);
  assert.ok(setup.network.connections.length > 1);
});

test("a request without an answer ends after a time, and one without a connection at once", async () => {
  const { mailbox, clock, connection } = await online();
  const asked = mailbox.request({ kind: "ping" });
  await clock.advance(16_000);
  const outcome = await asked;
  assert.equal(!outcome.ok && outcome.reason.code, "timeout");
  const broken = mailbox.request({ kind: "ping" });
  connection.break();
  const other = await broken;
  assert.equal(!other.ok && other.reason.code, "offline");
  const offline = await mailbox.request({ kind: "ping" });
  assert.equal(!offline.ok && offline.reason.code, "offline");
});

test("a closed mailbox stays closed", async () => {
  const setup = await online();
  setup.mailbox.close();
  await setup.clock.advance(60_000);
  assert.equal(setup.network.connections.length, 1);
  assert.equal(setup.states.at(-1), "offline");
});
