import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { accepted, refused } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { FakeNetwork, settle } from "../../testing/fake-network.ts";
import { present } from "../../testing/present.ts";
import { encodeClientFrame } from "../../wire/client-frame.ts";
import { epoch, seq } from "../../wire/ids.ts";
import { opaqueBytes } from "../../wire/opaque-bytes.ts";
import type { OpenSocket } from "../socket/socket.ts";
import { Mailbox } from "./mailbox.ts";
import {
  accept,
  alice,
  answerGroups,
  deliver,
  group,
  letIn,
  online,
  type Setup,
  say,
  sends,
  setUp,
  token,
} from "./testing/fake-mail.ts";

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
    const { login, welcome } = await loggingIn(setup);
    welcome();
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
    const last = await accept(setup);
    last.say({ kind: "error", request: last.request("resume").request, code, detail: "" });
    await setup.clock.advance(60_000);
    assert.equal(setup.network.connections.length, 1);
    assert.equal(setup.states.at(-1), "loggedOut");
    // Whoever wants to know whether that has changed may ask again.
    setup.mailbox.goOnline();
    await settle();
    assert.equal(setup.network.connections.length, 2);
  }
});

/** A login under way over the newest connection, whose server is asked for its outcome. */
async function loggingIn({ mailbox, network }: Pick<Setup, "mailbox" | "network">) {
  const message = new Uint8Array(opaqueBytes.ke3);
  const login = mailbox.logIn((link) => link.request({ kind: "logInFinish", message }));
  const connection = await accept({ network });
  const { request } = connection.request("logInFinish");
  const welcome = (of = token) =>
    connection.say({
      kind: "welcome",
      request,
      user: alice,
      name: "alice",
      server: "s0",
      token: of,
      tokenExpiresAt: 1,
    });
  return { login, connection, request, welcome };
}

test("after another login connections resume that session, and no longer the one before", async () => {
  const setup = await online();
  const newer = Buffer.from("newer");
  const { login, connection, welcome } = await loggingIn(setup);
  welcome(newer);
  assert.ok((await login).ok);
  connection.break();
  await setup.clock.advance(200);
  await accept(setup);
  assert.deepEqual(Buffer.from(setup.network.last.request("resume").token), newer);
});

test("a login that is refused, or whose connection breaks, leaves the client offline, and it does not try by itself", async () => {
  for (const end of ["refused", "broken", "broken behind the welcome"]) {
    const setup = setUp();
    const { network, clock } = setup;
    const { login, connection, request, welcome } = await loggingIn(setup);
    if (end === "refused") connection.say({ kind: "error", request, code: "login_failed", detail: "" });
    if (end === "broken behind the welcome") welcome();
    if (end !== "refused") connection.break();
    assert.equal((await login).ok, false, end);
    assert.ok(connection.isClosed, end);
    await clock.advance(60_000);
    assert.deepEqual([network.connections.length, setup.states.at(-1)], [1, "offline"], end);
  }
});

test("a server that refuses a session for now is asked again after the pause that it names, and not before", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  const last = await accept(setup);
  const { request } = last.request("resume");
  last.say({ kind: "error", request, code: "rate_limited", detail: "", retryAfterMs: 5000 });
  await setup.clock.advance(4999);
  assert.equal(setup.network.connections.length, 1);
  await setup.clock.advance(102);
  assert.equal(setup.network.connections.length, 2);
});

test("pauses begin anew with a connection that lasted a while, and grow while connections break after the login", async () => {
  for (const [lastsMs, attemptsMin, attemptsMax] of [
    [0, 60, 200],
    [10_000, 57, 61],
  ] as const) {
    const setup = setUp();
    setup.mailbox.resume(token);
    let attempts = 0;
    const until = setup.clock.now() + 600_000;
    while (setup.clock.now() < until) {
      await letIn(setup);
      attempts++;
      await setup.clock.advance(lastsMs);
      setup.network.last.break();
      const before = setup.network.connections.length;
      while (setup.network.connections.length === before) await setup.clock.advance(setup.clock.nextInMs ?? 1);
    }
    assert.ok(attempts >= attemptsMin && attempts <= attemptsMax, `${attempts} of ${lastsMs} ms in ten minutes`);
  }
});

test("a connection over which nothing comes any more is left after ten seconds, and another is made", async () => {
  const setup = await online();
  setup.network.answersPings = false;
  await setup.clock.advance(7000);
  assert.equal(setup.states.at(-1), "online");
  await setup.clock.advance(3000);
  assert.ok(setup.connection.isClosed);
  assert.match(present(setup.reasons[setup.states.lastIndexOf("offline")]), /not given a sign of life for \d+ s/);
  await letIn(setup);
  assert.equal(setup.states.at(-1), "online");
  assert.equal(setup.network.connections.length, 2);
});

test("a server that is silent, but answers when it is asked, is not left, nor one whose frames take long to come", async () => {
  const silent = await online();
  await silent.clock.advance(120_000);
  assert.equal(silent.network.connections.length, 1);
  const slow = await online();
  slow.network.answersPings = false;
  for (let second = 0; second < 120; second++) {
    slow.connection.bytesRead++;
    await slow.clock.advance(1000);
  }
  assert.equal(slow.network.connections.length, 1);
});

test("a line on which answers take long is asked with more patience from one connection to the next", async () => {
  const setup = await online();
  setup.network.answersPings = false;
  const made = () => setup.network.connections.length;
  const lasted: number[] = [];
  for (let connection = 0; connection < 6; connection++) {
    const [from, before] = [setup.clock.now(), made()];
    while (made() === before) await setup.clock.advance(setup.clock.nextInMs ?? 1);
    lasted.push(Math.round((setup.clock.now() - from) / 1000));
    await letIn(setup);
  }
  assert.ok(present(lasted[0]) <= 10);
  assert.ok(present(lasted[5]) >= 60, lasted.join());
});

test("after a sleep of the machine the server is asked at once", async () => {
  const setup = await online();
  setup.network.answersPings = false;
  setup.clock.stall(3_600_000);
  await setup.clock.advance(1000);
  assert.equal(setup.connection.all("ping").length, 1);
  await setup.clock.advance(2000);
  assert.ok(!setup.connection.isClosed);
  await setup.clock.advance(2000);
  assert.ok(setup.connection.isClosed);
});

test("what comes over a connection that was given up counts no more, however long it takes to close", async () => {
  const network = new FakeNetwork();
  const [delivered, left]: [number[], number[]] = [[], []];
  const open: OpenSocket = (...of) => ({ ...network.open(...of), close() {} });
  const mailbox = new Mailbox(
    { dial: async () => accepted("ws://server/v1"), open, clock: new FakeClock(), random: seededRandom(1) },
    { outboxMax: 1, startAfter: () => seq(0) },
    {
      connection() {},
      delivered: (_, message) => delivered.push(message.seq),
      missing() {},
      left: (of) => left.push(of),
    },
  );
  mailbox.resume(token);
  const former = await network.resumed(alice);
  answerGroups(former, [{ group }]);
  await settle();
  deliver(former, 1, "before");
  mailbox.goOffline();
  deliver(former, 2, "too late");
  former.say({ kind: "left", group, epoch: epoch(2) });
  assert.deepEqual([delivered, left], [[1], []]);
});

test("when the server to which a refused session was assigned has gone, the login asks for another one", async () => {
  const network = new FakeNetwork();
  const dialled: string[] = [];
  const dial = async () => {
    dialled.push(`ws://server${dialled.length}/v1`);
    return accepted(present(dialled.at(-1)));
  };
  const mailbox = new Mailbox(
    { dial, open: network.open, clock: new FakeClock(), random: seededRandom(1) },
    { outboxMax: 1 },
    { connection() {}, delivered() {}, missing() {} },
  );
  mailbox.resume(token);
  const last = await accept({ network });
  const { request } = last.request("resume");
  last.say({ kind: "error", request, code: "token_expired", detail: "" });
  await settle();
  void mailbox.logIn((link) => link.request({ kind: "logInFinish", message: new Uint8Array(opaqueBytes.ke3) }));
  await settle();
  assert.equal(network.last.url, dialled[0], "the strategy has counted the client for it");
  network.last.break();
  await settle();
  assert.deepEqual([network.last.url, dialled.length], [dialled[1], 2]);
  mailbox.close();
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
  const { mailbox, clock, connection, network } = await online();
  const asked = mailbox.request({ kind: "groups" });
  await clock.advance(16_000);
  const outcome = await asked;
  assert.equal(!outcome.ok && outcome.reason.code, "timeout");
  network.answersPings = false;
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

const ke3 = new Uint8Array(opaqueBytes.ke3);

test("what becomes of the connection is said with its reason", async () => {
  const setup = setUp();
  const { mailbox, clock, states, reasons } = setup;
  assert.equal(mailbox.state, "offline");
  mailbox.resume(token);
  const connection = await letIn(setup);
  connection.break();
  await clock.advance(200);
  const again = await letIn(setup);
  again.break(4004, "4004");
  mailbox.goOffline();
  mailbox.goOffline();
  mailbox.resume(token);
  mailbox.goOffline();
  assert.deepEqual(
    states.map((state, i) => [state, reasons[i]]),
    [
      ["connecting", ""],
      ["online", ""],
      ["offline", "broken"],
      ["connecting", ""],
      ["online", ""],
      ["offline", "authentication_timeout"],
      ["connecting", ""],
      ["offline", "closed here"],
    ],
  );
});

test("a session that cannot be resumed now says what the server says", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  const last = await accept(setup);
  last.say({ kind: "error", request: last.request("resume").request, code: "busy", detail: "too many logins" });
  await settle();
  assert.deepEqual([setup.states.at(-1), setup.reasons.at(-1)], ["offline", "too many logins"]);
});

test("going online where one is already changes nothing, and going offline and online again connects anew", async () => {
  const setup = await online();
  const { mailbox, network } = setup;
  mailbox.goOnline();
  await settle();
  assert.equal(network.connections.length, 1);
  mailbox.goOffline();
  mailbox.goOnline();
  await letIn(setup);
  assert.deepEqual([mailbox.state, network.connections.length], ["online", 2]);
});

test("a connection that is interrupted comes back; where there is none, nothing happens", async () => {
  const { mailbox, clock, network, connection } = await online();
  mailbox.interrupt();
  assert.ok(connection.isClosed);
  await clock.advance(200);
  assert.equal(network.connections.length, 2);
  assert.doesNotThrow(() => setUp().mailbox.interrupt());
});

test("before the server has let the client in, nothing but what lets it in is sent", async () => {
  const setup = setUp();
  const { mailbox } = setup;
  const ask = () => mailbox.request({ kind: "ping" });
  const none = refused({ code: "offline", detail: "there is no connection to a server" });
  const frame = encodeClientFrame({ kind: "read", group, seq: seq(1) });
  assert.deepEqual(await ask(), none);
  mailbox.post(frame);
  mailbox.resume(token);
  const connection = await accept(setup);
  assert.deepEqual(await ask(), none);
  mailbox.post(frame);
  assert.deepEqual(
    connection.received.map(({ kind }) => kind),
    ["resume"],
  );
});

test("sockets are opened as the client's maker says", async () => {
  const network = new FakeNetwork();
  const given: unknown[] = [];
  const open: OpenSocket = (url, events, options) => {
    given.push(options);
    return network.open(url, events);
  };
  for (const socket of [{ localAddress: "127.0.2.1" }, undefined]) {
    const mailbox = new Mailbox(
      {
        dial: async () => accepted("ws://server/v1"),
        open,
        clock: new FakeClock(),
        random: seededRandom(1),
        ...(socket && { socket }),
      },
      { outboxMax: 1 },
      { connection() {}, delivered() {}, missing() {} },
    );
    mailbox.resume(token);
    await settle();
    mailbox.close();
  }
  assert.deepEqual(given, [{ localAddress: "127.0.2.1" }, {}]);
});

test("a login for which there is no time any more says that it was closed here, and opens no socket", async () => {
  const { mailbox, network, states } = setUp();
  mailbox.resume(token);
  const login = mailbox.logIn((link) => link.request({ kind: "logInFinish", message: ke3 }));
  mailbox.goOffline();
  assert.deepEqual(await login, refused({ code: "offline", detail: "closed here" }));
  await settle();
  assert.deepEqual([network.connections.length, states.at(-1)], [0, "offline"]);
});

test("a login that is given up as its socket opens does not authenticate", async () => {
  const { mailbox, network } = setUp();
  let authenticated = 0;
  const login = mailbox.logIn((link) => {
    authenticated++;
    return link.request({ kind: "logInFinish", message: ke3 });
  });
  await settle();
  network.last.accept();
  mailbox.goOffline();
  assert.equal((await login).ok, false);
  assert.equal(authenticated, 0);
});

test("a login that comes about after it was given up does not count", async () => {
  const setup = setUp();
  const { mailbox, states } = setup;
  const welcome = { kind: "welcome", request: 0, user: alice, name: "alice", server: "s0", tokenExpiresAt: 1 } as const;
  let finish = () => {};
  const login = mailbox.logIn(
    () => new Promise((resolve) => (finish = () => resolve(accepted({ ...welcome, token: Buffer.from("other") })))),
  );
  const connection = await accept(setup);
  mailbox.goOffline();
  finish();
  assert.deepEqual(await login, refused({ code: "offline", detail: "closed here" }));
  assert.deepEqual([states.at(-1), connection.isClosed], ["offline", true]);
});

test("of two logins the second one counts, and the end of the first does not touch it", async () => {
  const setup = setUp();
  let giveUp = () => {};
  const first = setup.mailbox.logIn(
    () => new Promise((resolve) => (giveUp = () => resolve(refused({ code: "login_failed", detail: "" })))),
  );
  await accept(setup);
  const { login, connection, welcome } = await loggingIn(setup);
  giveUp();
  assert.deepEqual(await first, refused({ code: "offline", detail: "closed here" }));
  welcome();
  assert.ok((await login).ok);
  assert.deepEqual([setup.mailbox.state, connection.isClosed], ["online", false]);
});

test("a login whose connection ends says why", async () => {
  for (const [isOpen, code, detail] of [
    [false, 1006, "broken"],
    [false, 4004, "authentication_timeout"],
    [true, 1006, "there is no connection to a server"],
  ] as const) {
    const setup = setUp();
    const login = setup.mailbox.logIn((link) => link.request({ kind: "logInFinish", message: ke3 }));
    await settle();
    if (isOpen) await accept(setup);
    setup.network.last.break(code);
    assert.deepEqual(await login, refused({ code: "offline", detail }));
    assert.equal(setup.clock.waiting, 0);
  }
});

test("a login whose connection breaks right behind the welcome says that", async () => {
  const { login, connection, welcome } = await loggingIn(setUp());
  welcome();
  connection.break();
  assert.deepEqual(await login, refused({ code: "offline", detail: "the connection broke" }));
});

test("a connection that does not come about is tried again after a pause, and not at once", async () => {
  const setup = setUp();
  setup.mailbox.resume(token);
  await settle();
  setup.network.last.break();
  await settle();
  assert.deepEqual([setup.network.connections.length, setup.clock.waiting], [1, 1]);
  await setup.clock.advance(200);
  assert.equal(setup.network.connections.length, 2);
});

/** A mailbox that dials another server each time, and sockets that take their time to close. */
function newDialling() {
  const [network, clock] = [new FakeNetwork(), new FakeClock()];
  const entered: number[] = [];
  let dialled = 0;
  const mailbox = new Mailbox(
    {
      dial: async () => accepted(`ws://server${++dialled}/v1`),
      open: (...of) => ({ ...network.open(...of), close() {} }),
      clock,
      random: seededRandom(1),
    },
    { outboxMax: 1 },
    { connection() {}, delivered() {}, missing() {}, joined: ({ id }) => entered.push(id) },
  );
  const refuse = async (code: "busy" | "token_expired") => {
    const connection = await accept({ network });
    connection.say({ kind: "error", request: connection.request("resume").request, code, detail: "" });
    await settle();
    return connection;
  };
  return { mailbox, network, clock, entered, refuse };
}

test("a server that is busy is not the one for the next attempt: that is dialled anew", async () => {
  const { mailbox, network, clock, refuse } = newDialling();
  mailbox.resume(token);
  await refuse("busy");
  await clock.advance(200);
  assert.equal(network.last.url, "ws://server2/v1");
  mailbox.close();
});

test("a login after a refused session goes to the same server, over one connection", async () => {
  const { mailbox, network, refuse } = newDialling();
  mailbox.resume(token);
  await refuse("token_expired");
  const { login, welcome } = await loggingIn({ mailbox, network });
  assert.equal(network.last.url, "ws://server1/v1");
  welcome();
  assert.ok((await login).ok);
  assert.equal(network.connections.length, 2);
  mailbox.close();
});

test("a login at a refused session's server that is given up does not ask for another server", async () => {
  const { mailbox, network, refuse } = newDialling();
  mailbox.resume(token);
  await refuse("token_expired");
  const login = mailbox.logIn((link) => link.request({ kind: "logInFinish", message: ke3 }));
  await settle();
  mailbox.goOffline();
  network.last.break();
  assert.equal((await login).ok, false);
  await settle();
  assert.deepEqual([network.connections.length, mailbox.state], [2, "offline"]);
});

test("what comes over a connection whose session was refused counts no more, however long it takes to close", async () => {
  const { mailbox, entered, refuse } = newDialling();
  mailbox.resume(token);
  const connection = await refuse("token_expired");
  connection.say({ kind: "joined", group, epoch: epoch(1), lastSeq: seq(0), logLength: 1 });
  assert.deepEqual(entered, []);
  mailbox.close();
});

test("a client that is too old for the servers says so, and comes back only when it is told to", async () => {
  for (const stage of ["online", "opening"] as const) {
    const setup = setUp();
    setup.mailbox.resume(token);
    if (stage === "online") await letIn(setup);
    else await accept(setup);
    setup.network.last.break(4002);
    await setup.clock.advance(600_000);
    assert.equal(setup.network.connections.length, 1, stage);
    assert.match(present(setup.reasons.at(-1)), /^unsupported_version: .* update FastChat$/);
    setup.mailbox.goOnline();
    await letIn(setup);
    assert.equal(setup.states.at(-1), "online");
  }
});
