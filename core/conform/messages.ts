import { randomBytes } from "node:crypto";
import type { Acknowledgement } from "../wire/ack-frame.ts";
import type { DeliveredMessage } from "../wire/deliver-frame.ts";
import type { ErrorCode } from "../wire/errors.ts";
import { type ClientMessageId, clientMessageId, epoch, type GroupId, type Seq, seqPlus } from "../wire/ids.ts";
import { encodeSend, type MessageType } from "../wire/send-frame.ts";
import type { ColdServerFrame, ServerFrame } from "../wire/server-frame.ts";
import type { ConformGroup } from "./conform-group.ts";
import type { ConformSocket } from "./conform-socket.ts";
import { Unmet } from "./expectation.ts";
import { shown } from "./shown.ts";

export const freshMessageId = (): ClientMessageId => clientMessageId(randomBytes(8).readBigUInt64BE());

export interface SendOf {
  readonly id?: ClientMessageId;
  readonly atEpoch?: number;
  readonly payload?: Uint8Array;
  readonly resend?: boolean;
  readonly skipsRefused?: boolean;
  readonly type?: MessageType;
  readonly group?: GroupId;
}

/** A SEND frame of random bytes, which no server can tell from a sealed message. */
export function sendFrame(group: ConformGroup, of: SendOf = {}): Buffer {
  return Buffer.from(
    encodeSend({
      resend: of.resend ?? false,
      skipsRefused: of.skipsRefused ?? false,
      type: of.type ?? 0,
      epoch: epoch(of.atEpoch ?? group.epoch),
      group: of.group ?? group.id,
      clientMessageId: of.id ?? freshMessageId(),
      payload: of.payload ?? randomBytes(201),
    }),
  );
}

/** Sends a message that must be acknowledged. */
export async function stored(
  socket: ConformSocket,
  group: ConformGroup,
  { id = freshMessageId(), ...of }: SendOf = {},
): Promise<Acknowledgement> {
  const from = socket.mark;
  socket.sendBytes(sendFrame(group, { id, ...of }));
  return acknowledged(socket, id, from);
}

/** The acknowledgement of a message; throws when it is refused. */
export async function acknowledged(socket: ConformSocket, id: ClientMessageId, from = 0): Promise<Acknowledgement> {
  const answer = await answerTo(socket, id, from);
  if (answer.kind === "reject") throw new Unmet("an ACK", shown(answer));
  const entry = answer.acknowledgements.find((of) => of.clientMessageId === id);
  if (!entry) throw new Unmet("an ACK of the message", shown(answer));
  return entry;
}

type Reject = Extract<ColdServerFrame, { readonly kind: "reject" }>;

/** Sends a message that must be refused with one of these codes. */
export async function rejected(
  socket: ConformSocket,
  group: ConformGroup,
  codes: ErrorCode | readonly ErrorCode[],
  { id = freshMessageId(), ...of }: SendOf = {},
): Promise<Reject> {
  const from = socket.mark;
  socket.sendBytes(sendFrame(group, { id, ...of }));
  const answer = await answerTo(socket, id, from);
  if (answer.kind === "reject" && [codes].flat().includes(answer.code)) return answer;
  throw new Unmet(`reject ${[codes].flat().join(" or ")}`, shown(answer));
}

/** The ACK or `reject` of a message. */
export function answerTo(socket: ConformSocket, id: ClientMessageId, from = 0) {
  return socket.next(`an ACK or a reject of the message ${id}`, (frame) => isAnswerTo(frame, id), from);
}

function isAnswerTo(
  frame: ServerFrame,
  id: ClientMessageId,
): frame is Extract<ServerFrame, { kind: "ack" | "reject" }> {
  if (frame.kind === "ack") return frame.acknowledgements.some((entry) => entry.clientMessageId === id);
  return frame.kind === "reject" && Buffer.from(frame.clientMessageId).readBigUInt64BE() === id;
}

export interface Delivered extends DeliveredMessage {
  readonly seq: Seq;
}

/** All messages of a group that have come over a socket, in the order in which they came. */
export function deliveredIn(frames: readonly ServerFrame[], group: GroupId): Delivered[] {
  return frames.flatMap((frame) =>
    frame.kind === "deliver" && frame.group === group
      ? frame.messages.map((message, i) => ({ ...message, seq: seqPlus(frame.firstSeq, i) }))
      : [],
  );
}

/** The message of this seq, once it has been delivered. */
export async function deliveredAt(socket: ConformSocket, group: GroupId, seq: Seq, from = 0): Promise<Delivered> {
  const find = (frames: readonly ServerFrame[]) => deliveredIn(frames.slice(from), group).find((of) => of.seq === seq);
  await socket.untilReceived(`a DELIVER with seq ${seq}`, (frames) => find(frames) !== undefined);
  const found = find(socket.received);
  if (!found) throw new Unmet(`a DELIVER with seq ${seq}`, "none");
  return found;
}
