import assert from "node:assert/strict";
import { seededRandom } from "../../../platform/random.ts";
import { accepted } from "../../../platform/result.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { type FakeConnection, FakeNetwork, settle } from "../../../testing/fake-network.ts";
import { writeUint64 } from "../../../wire/bytes.ts";
import type { ErrorCode } from "../../../wire/errors.ts";
import { type ClientMessageId, clientMessageId, type Epoch, epoch, groupId, seq, userId } from "../../../wire/ids.ts";
import { Mailbox, type MailboxOptions } from "../mailbox.ts";
import type { Seal, SendOutcome } from "../outgoing-message.ts";

export const group = groupId(7);
export const token = Buffer.from("token");
export const alice = userId(1);

export interface Setup {
  readonly mailbox: Mailbox;
  readonly network: FakeNetwork;
  readonly clock: FakeClock;
  readonly delivered: string[];
  readonly states: string[];
  /** Why the connection went into each of these states. */
  readonly reasons: string[];
  readonly joined: number[];
  readonly left: number[];
  readonly strays: number[];
  /** How far the user has read each group, as servers say. */
  readonly read: (readonly [group: number, seq: number])[];
}

interface ListedHere {
  readonly group: typeof group;
  readonly at?: number;
  readonly lastSeq?: number;
  readonly readSeq?: number;
}

export function setUp(options: Partial<MailboxOptions> = {}, clock = new FakeClock()): Setup {
  const network = new FakeNetwork();
  network.answersPings = true;
  const delivered: string[] = [];
  const states: string[] = [];
  const reasons: string[] = [];
  const joined: number[] = [];
  const left: number[] = [];
  const strays: number[] = [];
  const read: Setup["read"] = [];
  const mailbox = new Mailbox(
    { dial: async () => accepted("ws://server/v1"), open: network.open, clock, random: seededRandom(1) },
    { outboxMax: 10, startAfter: () => seq(0), ...options },
    {
      connection: (state, why) => {
        states.push(state);
        reasons.push(why);
      },
      delivered: (_, message) => delivered.push(`${message.seq} ${Buffer.from(message.payload).toString()}`),
      missing: (_, from, through) => delivered.push(`${from}-${through} missing`),
      joined: ({ id }) => joined.push(id),
      left: (of) => left.push(of),
      strayed: (of) => strays.push(of),
      read: (of, at) => read.push([of, at]),
    },
  );
  return { mailbox, network, clock, delivered, states, reasons, joined, left, strays, read };
}

/** Opens the newest connection. */
export async function accept({ network }: Pick<Setup, "network">): Promise<FakeConnection> {
  await settle();
  network.last.accept();
  await settle();
  return network.last;
}

/** Resumes the session on the newest connection, for a user who is in these groups. */
export async function letIn(
  { network }: Pick<Setup, "network">,
  groups: readonly ListedHere[] = [{ group }],
): Promise<FakeConnection> {
  const connection = await network.resumed(alice);
  answerGroups(connection, groups);
  await settle();
  return connection;
}

export function answerGroups(connection: FakeConnection, groups: readonly ListedHere[]): void {
  const { request } = connection.request("groups");
  connection.say({
    kind: "groups",
    request,
    groups: groups.map(({ group: id, at = 1, lastSeq = 0, readSeq = 0 }) => ({
      group: id,
      epoch: epoch(at),
      lastSeq: seq(lastSeq),
      logLength: 1,
      readSeq: seq(readSeq),
    })),
  });
}

/** Online, in one group. */
export async function online(
  options: Partial<MailboxOptions> = {},
  clock = new FakeClock(),
): Promise<Setup & { readonly connection: FakeConnection }> {
  const made = setUp(options, clock);
  made.mailbox.resume(token);
  return { ...made, connection: await letIn(made) };
}

export function say(
  mailbox: Mailbox,
  text: string,
  seal: Seal = ({ epoch: at }) => accepted({ epoch: at, payload: Buffer.from(text) }),
  to = group,
) {
  const outcomes: SendOutcome[] = [];
  const taken = mailbox.send({ group: to, seal }, (outcome) => outcomes.push(outcome));
  assert.ok(taken.ok);
  return { id: taken.value, outcomes };
}

export const sends = (connection: FakeConnection) =>
  connection
    .all("send")
    .map(({ payload, resend, epoch: at }) => `${Buffer.from(payload).toString()}${resend ? " again" : ""} @${at}`);

export function reject(
  connection: FakeConnection,
  id: ClientMessageId,
  code: ErrorCode,
  of: { epoch?: Epoch; retryAfterMs?: number; remaining?: number; resetMs?: number } = {},
): void {
  const bytes = new Uint8Array(8);
  writeUint64(bytes, 0, id);
  connection.say({ kind: "reject", group, clientMessageId: bytes, code, ...of });
}

export const acknowledge = (connection: FakeConnection, id: ClientMessageId, at: number) =>
  connection.say({ kind: "ack", acknowledgements: [{ clientMessageId: id, seq: seq(at), sentAt: 5 }] });

export const deliver = (connection: FakeConnection, from: number, ...texts: string[]) =>
  connection.say({
    kind: "deliver",
    group,
    firstSeq: seq(from),
    messages: texts.map((text, i) => ({
      sender: alice,
      clientMessageId: clientMessageId(BigInt(from + i)),
      type: 0,
      sentAt: 0,
      epoch: epoch(1),
      payload: Buffer.from(text),
    })),
  });
