import assert from "node:assert/strict";
import { encode } from "cborg";
import { encodeContent } from "../../e2ee/content.ts";
import { commitToKey } from "../../e2ee/key-wrap.ts";
import { RsaFernet } from "../../e2ee/rsa-fernet.ts";
import { inlineRsa } from "../../e2ee/rsa-inline.ts";
import { accountOf, fixedKey } from "../../fuzz/fixture.ts";
import { framesIn, joinedFrames } from "../../fuzz/frame-list.ts";
import type { FuzzTarget } from "../../fuzz/target.ts";
import { keysOf } from "../../platform/keys-of.ts";
import { seededRandom } from "../../platform/random.ts";
import { accepted, refused } from "../../platform/result.ts";
import { sampleOf, serverFrames } from "../../testing/arbitrary-frames.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import { type Cast, founderId, guestId, ScriptedServer, scriptedGroup } from "../../testing/scripted-server.ts";
import { coldClientFrames, type RequestKind } from "../../wire/client-frame.ts";
import { clientMessageId, epoch, seq } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { encodeServerFrame, noticeFrames, parseServerFrame, type ServerFrame } from "../../wire/server-frame.ts";
import { createClient } from "../create-client.ts";
import { IdentityCache } from "../people/identity-cache.ts";

const [alice, bob] = [accountOf("alice").identity, accountOf("bob").identity] as const;
const nowSeconds = 1_700_000_000;
/** Unwraps every key to the right one, without the millisecond that RSA takes. */
const suite = new RsaFernet({ ...inlineRsa, unwrap: async () => accepted(fixedKey) }, () => nowSeconds);
const group = scriptedGroup;

const cast: Cast = {
  founder: alice,
  guest: bob,
  opening: encode({ commitment: commitToKey(group, epoch(1), fixedKey) }),
  wrapped: Uint8Array.of(1),
  async seal(logHead, clientMessageId) {
    const envelope = {
      type: messageTypes.application,
      group,
      epoch: epoch(1),
      sender: founderId,
      clientMessageId,
      logHead,
    };
    const state = { keys: new Map([[epoch(1), fixedKey]]) };
    const sealed = await suite.seal(alice, state, envelope, encodeContent({ kind: "text", text: "hello" }));
    if (!sealed.ok) throw new Error(sealed.reason);
    return sealed.value.payload;
  },
};

/** Frames that the server sends unasked at most; an input's further ones are ignored. */
const leftOverMax = 20;

/** Fake milliseconds for which a client lives on after the lies, and the frames that it may send meanwhile: more is a loop. */
const lifeMs = 60_000;
const stepsOfLife = 20;
const framesMax = 300;
const connectionsMax = 10;

const notices = ["ack", "deliver", ...keysOf(noticeFrames)] as const;

/** The frame with this request number, if it has one, so that it answers the request. */
function answering(bytes: Uint8Array, request: number): Uint8Array {
  const parsed = parseServerFrame(bytes);
  if (!parsed.ok || !("request" in parsed.value) || parsed.value.request === undefined) return bytes;
  return encodeServerFrame({ ...parsed.value, request });
}

const requestKinds = keysOf(coldClientFrames).filter((kind): kind is RequestKind => "reply" in coldClientFrames[kind]);

/** The lies in an input: the first byte of each is the kind of request that it answers, the first such, then the second, … */
function liesIn(bytes: Uint8Array): Map<RequestKind, Uint8Array[]> {
  const lies = new Map<RequestKind, Uint8Array[]>();
  for (const [kind = 0, ...lie] of framesIn(bytes)) {
    const to = present(requestKinds[kind % requestKinds.length]);
    lies.set(to, [...(lies.get(to) ?? []), Uint8Array.from(lie)]);
  }
  return lies;
}

/** The form that {@link liesIn} reads. */
const lie = (to: RequestKind, frame: Uint8Array) => Buffer.concat([Uint8Array.of(requestKinds.indexOf(to)), frame]);

type Outcome = { readonly ok: boolean; readonly reason?: { readonly code: string } };

/** A whole client whose server answers with these lies, sends those that were not asked for, and then is honest. */
async function liveWith(lies: Map<RequestKind, Uint8Array[]>): Promise<Set<string>> {
  const server = await ScriptedServer.of(cast);
  const clock = new FakeClock();
  const happened = new Set<string>();
  server.script = ({ kind, request }) => {
    const next = lies.get(kind)?.shift();
    return next && [answering(next, request)];
  };
  const note = (what: string) => () => void happened.add(what);
  const client = createClient(
    {
      dial: async () => accepted("ws://server/v1"),
      open: server.open,
      clock,
      random: seededRandom(1),
      rsa: inlineRsa,
      suites: [suite],
      identities: new IdentityCache(),
    },
    { outboxMax: 100, pinning: true, startAfter: () => seq(0) },
    {
      connection: (state, why) => happened.add(why.startsWith("malformed_frame") ? "malformed_frame" : state),
      message: note("message"),
      unreadable: note("unreadable"),
      misplaced: note("misplaced"),
      logRefused: note("log refused"),
      missing: note("missing"),
      joined: note("joined"),
      left: note("left"),
      presence: note("presence"),
      cursors: note("cursors"),
      typing: note("typing"),
    },
  );
  /** In steps, since each answer takes a turn of the loop. */
  const live = async (ms: number) => {
    for (let step = 0; step < stepsOfLife; step++) await clock.advance(ms / stepsOfLife);
  };
  const failures: unknown[] = [];
  const failed = (cause: unknown) => void failures.push(cause);
  process.on("unhandledRejection", failed);
  process.on("uncaughtException", failed);
  try {
    client.resume(bob, guestId, Uint8Array.of(1));
    await live(1000);
    const work: Readonly<Record<string, Promise<Outcome>>> = {
      refresh: client.conversation(group).refresh(),
      ping: client.mailbox.roundTrip(),
      meet: client.meet(["alice"]),
      leave: client.changeGroup(group, { action: "leave" }),
      found: client.createGroup({ title: "ours", members: ["alice"] }),
      say: new Promise((resolve) => {
        client.send(
          group,
          { kind: "text", text: "hello" },
          (said) => resolve(said.ok ? said : refused(said)),
          clientMessageId(99n),
        );
      }),
    };
    const pending = new Set(Object.keys(work));
    for (const [what, outcome] of Object.entries(work)) {
      void outcome.then(({ ok, ...of }) => {
        pending.delete(what);
        if (!ok) happened.add(`${what} ${of.reason?.code}`);
      });
    }
    client.watchGroup(group);
    client.typing(group);
    client.markRead(group, seq(1));
    await live(1000);
    for (const frame of [...lies.values()].flat().slice(0, leftOverMax)) {
      server.say(frame);
      await live(100);
    }
    // From here on the server is honest, and the client has to come to rest.
    lies.clear();
    server.frames = 0;
    server.connections = 0;
    server.cut();
    await live(lifeMs);
    assert.ok(server.frames <= framesMax, `${server.frames} frames in ${lifeMs / 1000} s`);
    assert.ok(server.connections <= connectionsMax, `${server.connections} connections in ${lifeMs / 1000} s`);
    const closing = client.close();
    await clock.advance(lifeMs);
    await closing;
    await clock.advance(0);
    // A message stays without an outcome, for another run to send.
    pending.delete("say");
    assert.deepEqual([...pending], [], "calls that never end");
  } finally {
    process.off("unhandledRejection", failed);
    process.off("uncaughtException", failed);
  }
  if (failures.length > 0) throw failures[0];
  return happened;
}

const sample = (kind: ServerFrame["kind"], seed: number) =>
  encodeServerFrame(sampleOf<ServerFrame, ServerFrame["kind"]>(serverFrames, kind, seed));

export const targets: readonly FuzzTarget[] = [
  {
    name: "whole-client",
    bytesMax: 16 * 1024,
    seeds: () => [
      joinedFrames([]),
      joinedFrames([lie("groups", sample("pong", 1))]),
      ...requestKinds.map((kind, i) => joinedFrames([lie(kind, sample(coldClientFrames[kind].reply, i))])),
      // The server sends each notice after the lies, since nothing asks for it.
      ...notices.map((kind, i) => joinedFrames([lie("logOut", sample(kind, i))])),
    ],
    async run(bytes) {
      const seen = [...(await liveWith(liesIn(bytes)))].sort().join(", ");
      return seen.includes("malformed_frame") ? refused(seen) : accepted(seen);
    },
  },
];
