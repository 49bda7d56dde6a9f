import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { accepted } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { writeUint64 } from "../../wire/bytes.ts";
import { type ClientFrame, parseClientFrame } from "../../wire/client-frame.ts";
import { type ErrorCode, errorCodeNames, errorCodes } from "../../wire/errors.ts";
import { epoch, groupId, type Seq, seq, userId } from "../../wire/ids.ts";
import { encodeServerFrame, type ServerFrame } from "../../wire/server-frame.ts";
import type { OpenSocket, SocketEvents } from "../socket/socket.ts";
import { Mailbox } from "./mailbox.ts";

const group = groupId(7);
const minutes = 10;
/** Frames that a client may send in a minute, on average, to a server that goes on refusing. */
const framesPerMinuteMax = 90;

/** What a server does with a frame in place of the honest answer; undefined for that. */
type Fault = (frame: ClientFrame, client: SocketEvents) => readonly ServerFrame[] | undefined;

/** How many frames, and attempts to connect, a client with three messages makes in each minute of a server with a fault. */
async function minutesWith(fault: Fault): Promise<{ frames: number[]; settled: number }> {
  const clock = new FakeClock();
  const frames: number[] = Array.from({ length: minutes }, () => 0);
  const from = clock.now();
  const count = () => {
    const minute = Math.floor((clock.now() - from) / 60_000);
    frames[minute] = (frames[minute] ?? 0) + 1;
  };
  const open: OpenSocket = (_, client) => {
    let isClosed = false;
    const close = (code: number, reason: string) => {
      if (isClosed) return;
      isClosed = true;
      client.closed(code, reason);
    };
    const events: SocketEvents = { ...client, closed: close };
    count();
    setImmediate(() => (isClosed ? undefined : client.opened()));
    let bytesRead = 0;
    return {
      send(bytes) {
        const parsed = parseClientFrame(Uint8Array.from(bytes));
        assert.ok(parsed.ok);
        const frame = parsed.value;
        if (frame.kind !== "ping") count();
        const answers = fault(frame, events) ?? honest(frame);
        setImmediate(() => {
          for (const answer of answers) {
            const encoded = encodeServerFrame(answer);
            bytesRead += encoded.length;
            if (!isClosed) client.received(encoded);
          }
        });
      },
      close: () => close(1000, "closed here"),
      get bytesRead() {
        return bytesRead;
      },
    };
  };
  let settled = 0;
  const mailbox = new Mailbox(
    { dial: async () => accepted("ws://server/v1"), open, clock, random: seededRandom(1) },
    { outboxMax: 10, startAfter: () => seq(0) },
    { connection() {}, delivered() {}, missing() {} },
  );
  mailbox.resume(Buffer.from("token"));
  for (const text of ["one", "two", "three"]) {
    const seal = ({ epoch: at }: { readonly epoch: ReturnType<typeof epoch> }) =>
      accepted({ epoch: at, payload: Buffer.from(text) });
    mailbox.send({ group, seal }, () => settled++);
  }
  for (let minute = 0; minute < minutes; minute++) await clock.advance(60_000);
  mailbox.close();
  return { frames, settled };
}

const synced = ({ request, after }: Extract<ClientFrame, { kind: "sync" }>, through: Seq): ServerFrame => ({
  kind: "synced",
  request,
  group,
  after,
  through,
  lastSeq: seq(2),
});

function honest(frame: ClientFrame): readonly ServerFrame[] {
  if (frame.kind === "send") {
    const { clientMessageId } = frame;
    return [{ kind: "ack", acknowledgements: [{ clientMessageId, seq: seq(1), sentAt: 1 }] }];
  }
  if (!("request" in frame)) return [];
  const { request } = frame;
  switch (frame.kind) {
    case "resume":
      return [
        {
          kind: "welcome",
          request,
          user: userId(1),
          name: "alice",
          server: "s0",
          token: Buffer.from("t"),
          tokenExpiresAt: 1,
        },
      ];
    case "groups":
      // Two messages are missing, so that the client asks for them.
      return [
        {
          kind: "groups",
          request,
          groups: [{ group, epoch: epoch(1), lastSeq: seq(2), logLength: 1, readSeq: seq(0) }],
        },
      ];
    case "sync":
      return [synced(frame, frame.through)];
    case "ping":
      return [{ kind: "pong", request }];
    default:
      throw new Error(`nobody asks for ${frame.kind} here`);
  }
}

const refusing =
  (kind: "resume" | "groups" | "sync", code: ErrorCode, retryAfterMs?: number): Fault =>
  (frame) =>
    frame.kind === kind
      ? [
          {
            kind: "error",
            request: frame.request,
            code,
            detail: "no",
            ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
          },
        ]
      : undefined;

const rejecting =
  (code: ErrorCode, of: { retryAfterMs?: number; remaining?: number; epoch?: ReturnType<typeof epoch> } = {}): Fault =>
  (frame) => {
    if (frame.kind !== "send") return undefined;
    const clientMessageId = new Uint8Array(8);
    writeUint64(clientMessageId, 0, frame.clientMessageId);
    return [{ kind: "reject", group, clientMessageId, code, ...of }];
  };

const ending =
  (kind: ClientFrame["kind"], closeCode: number): Fault =>
  (frame, client) => {
    if (frame.kind !== kind) return undefined;
    setImmediate(() => client.closed(closeCode, ""));
    return [];
  };

const silentAt =
  (kind: ClientFrame["kind"]): Fault =>
  (frame) =>
    frame.kind === kind ? [] : undefined;

const faults: Record<string, Fault> = {};
for (const code of errorCodeNames) {
  for (const kind of ["resume", "groups", "sync"] as const) {
    faults[`${kind} is refused with ${code}`] = refusing(kind, code);
    faults[`${kind} is refused with ${code}, to be tried again at once`] = refusing(kind, code, 0);
  }
  faults[`messages are rejected with ${code}`] = rejecting(code);
  faults[`messages are rejected with ${code}, to be sent again at once`] = rejecting(code, {
    retryAfterMs: 0,
    remaining: 1,
    epoch: epoch(1),
  });
  const { closeCode } = errorCodes[code];
  for (const kind of ["resume", "groups", "sync", "send"] as const) {
    if (closeCode !== undefined) faults[`the connection ends with ${code} at ${kind}`] = ending(kind, closeCode);
  }
}
for (const kind of ["resume", "groups", "sync", "send"] as const) {
  faults[`the connection breaks at ${kind}`] = ending(kind, 1006);
  faults[`nothing is answered to ${kind}`] = silentAt(kind);
}
faults["a page of messages does not go on"] = (frame) =>
  frame.kind === "sync" ? [synced(frame, frame.after)] : undefined;
faults["the server goes away at once"] = (frame) =>
  frame.kind === "groups" ? [{ kind: "goAway", reason: "draining" }] : undefined;
faults["the server answers with another frame"] = (frame) =>
  frame.kind === "groups" ? [{ kind: "pong", request: frame.request }] : undefined;

for (const [what, fault] of Object.entries(faults)) {
  test(`a client does not repeat itself without end when ${what}`, async () => {
    const { frames } = await minutesWith(fault);
    const later = frames.slice(minutes / 2);
    const perMinute = later.reduce((sum, count) => sum + count, 0) / later.length;
    assert.ok(perMinute <= framesPerMinuteMax, `${perMinute} frames a minute: ${frames.join()}`);
  });
}
