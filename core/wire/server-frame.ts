import { z } from "zod";
import { type Parsed, refused } from "../platform/result.ts";
import { type AckFrame, ackKind, encodeAck, parseAck } from "./ack-frame.ts";
import { type DeliverFrame, deliverKind, encodeDeliver, parseDeliver } from "./deliver-frame.ts";
import { errorCodeNames } from "./errors.ts";
import {
  backupField,
  bytesField,
  countField,
  epochField,
  exactBytesField,
  groupIdField,
  msField,
  requestField,
  seqField,
  timeField,
  userIdField,
  wrappedKeyField,
} from "./fields.ts";
import { type ColdFrame, coldCodec, type FrameFault, readFrameKind } from "./frame.ts";
import { limits } from "./limits.ts";
import { opaqueBytes } from "./opaque-bytes.ts";

const request = requestField;
const code = z.enum(errorCodeNames);
const detail = z.string();
const registrationResponse = exactBytesField(opaqueBytes.registrationResponse);
const retryAfterMs = msField.exactOptional();
/** Twice the members: those who have just left may still be in the list. */
const presentUsers = z.array(userIdField).max(2 * limits.groupMembersMax);

/** The replies to requests, each with the request's number; `coldClientFrames` says which of them grants which request. */
const replyFrames = {
  /** A request is granted that needs no other reply. */
  done: { code: 0x8e, body: z.strictObject({ request }) },
  signUpStarted: { code: 0x90, body: z.strictObject({ request, message: registrationResponse }) },
  logInStarted: { code: 0x91, body: z.strictObject({ request, message: exactBytesField(opaqueBytes.ke2) }) },
  /** Logged in. The token resumes the session on any server until it expires. */
  welcome: {
    code: 0x92,
    body: z.strictObject({
      request,
      user: userIdField,
      name: z.string(),
      server: z.string(),
      token: bytesField(256),
      tokenExpiresAt: timeField,
    }),
  },
  /** Null for a user who has none. */
  backup: { code: 0x93, body: z.strictObject({ request, backup: backupField.nullable() }) },
  passwordStarted: { code: 0x94, body: z.strictObject({ request, message: registrationResponse }) },
  users: {
    code: 0xa0,
    body: z.strictObject({
      request,
      /** Null stands for a name or id that nobody has. */
      users: z
        .array(
          z
            .strictObject({ user: userIdField, name: z.string(), identity: bytesField(limits.identityBytesMax) })
            .nullable(),
        )
        .max(limits.findUsersMax),
    }),
  },
  groups: {
    code: 0xb0,
    body: z.strictObject({
      request,
      groups: z
        .array(
          z.strictObject({
            group: groupIdField,
            epoch: epochField,
            lastSeq: seqField,
            logLength: countField,
            readSeq: seqField,
          }),
        )
        .max(limits.userGroupsMax),
    }),
  },
  changed: {
    code: 0xb2,
    body: z.strictObject({ request, group: groupIdField, seq: seqField, epoch: epochField, index: countField }),
  },
  log: {
    code: 0xb3,
    body: z.strictObject({
      request,
      group: groupIdField,
      /** How many entries there are in all. */
      length: countField,
      entries: z
        .array(z.strictObject({ index: countField, seq: seqField, entry: bytesField(limits.entryBytesMax) }))
        .max(limits.logPageMax),
    }),
  },
  keys: {
    code: 0xb4,
    body: z.strictObject({
      request,
      group: groupIdField,
      keys: z.array(z.strictObject({ epoch: epochField, wrapped: wrappedKeyField })).max(limits.keysPageMax),
      more: z.boolean(),
    }),
  },
  /** The messages after `after` and up to `through` that the server holds have been delivered; `lastSeq` is the group's last. */
  synced: {
    code: 0xc0,
    body: z.strictObject({ request, group: groupIdField, after: seqField, through: seqField, lastSeq: seqField }),
  },
  pong: { code: 0xd0, body: z.strictObject({ request }) },
} as const;

/** The notices: what a server sends unasked. */
export const noticeFrames = {
  /** A SEND that was not stored. */
  reject: {
    code: 0x83,
    body: z.strictObject({
      group: groupIdField,
      clientMessageId: exactBytesField(8),
      code,
      /** The group's epoch, with `stale_epoch` and `rekey_needed`. */
      epoch: epochField.exactOptional(),
      retryAfterMs,
      /** With `rate_limited`: how many messages may come once that is over, and in how long as many as at first. */
      remaining: countField.exactOptional(),
      resetMs: retryAfterMs,
    }),
  },
  /** The user has been admitted to a group; messages behind this seq are delivered. */
  joined: {
    code: 0xb5,
    body: z.strictObject({ group: groupIdField, epoch: epochField, lastSeq: seqField, logLength: countField }),
  },
  /** The user is no longer a member. */
  left: { code: 0xb6, body: z.strictObject({ group: groupIdField, epoch: epochField }) },
  cursors: {
    code: 0xc1,
    body: z.strictObject({
      group: groupIdField,
      cursors: z.array(z.tuple([userIdField, seqField])).max(limits.groupMembersMax),
    }),
  },
  presence: {
    code: 0xc2,
    body: z.strictObject({
      group: groupIdField,
      online: presentUsers,
      offline: presentUsers,
    }),
  },
  /** Members who are writing something just now. */
  typing: { code: 0xc3, body: z.strictObject({ group: groupIdField, users: presentUsers }) },
  /** The server is about to stop: connect elsewhere now. What was sent and not acknowledged is sent again there. */
  goAway: { code: 0xd1, body: z.strictObject({ reason: z.literal("draining") }) },
} as const;

/**
 * Every frame of a server but ACK and DELIVER. Each list has the bound that follows from the limits: a longer one is refused
 * before its elements are checked, since a list that is wrong in every element costs ten times as much as a good one.
 */
export const coldServerFrames = {
  /** A request that failed; without `request`, the connection itself, which then ends. */
  error: { code: 0x8f, body: z.strictObject({ request: request.exactOptional(), code, detail, retryAfterMs }) },
  ...replyFrames,
  ...noticeFrames,
} as const;

const codec = coldCodec(coldServerFrames);

export type ColdServerFrame = ColdFrame<typeof coldServerFrames>;
export type ReplyKind = keyof typeof replyFrames;
export type ReplyFrame<Kind extends ReplyKind> = Extract<ColdServerFrame, { kind: Kind }>;
export type NoticeKind = keyof typeof noticeFrames;
export type NoticeFrame<Kind extends NoticeKind = NoticeKind> = Extract<ColdServerFrame, { kind: Kind }>;
/** Everything that a server may send. */
export type ServerFrame = AckFrame | DeliverFrame | ColdServerFrame;

export function encodeServerFrame(frame: ServerFrame): Uint8Array {
  switch (frame.kind) {
    case "ack":
      return encodeAck(frame.acknowledgements);
    case "deliver":
      return encodeDeliver(frame);
    default:
      return codec.encode(frame);
  }
}

/** Never throws, whatever the bytes are. Payloads are views into them. */
export function parseServerFrame(bytes: Uint8Array): Parsed<ServerFrame, FrameFault> {
  const kind = readFrameKind(bytes);
  if (!kind.ok) return kind;
  switch (kind.value) {
    case ackKind:
      return parseAck(bytes);
    case deliverKind:
      return parseDeliver(bytes);
    default:
      return parseColdServerFrame(kind.value, bytes);
  }
}

/** The same for a frame that is known to have this kind byte, which is neither ACK's nor DELIVER's. */
export function parseColdServerFrame(kindByte: number, bytes: Uint8Array): Parsed<ColdServerFrame, FrameFault> {
  return (
    codec.parse(kindByte, bytes) ??
    refused({ code: "unknown_frame", detail: `no server frame has the kind ${kindByte}` })
  );
}
