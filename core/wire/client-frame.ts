import { z } from "zod";
import { type Parsed, refused } from "../platform/result.ts";
import {
  backupField as backup,
  bytesField,
  countField,
  epochField,
  exactBytesField,
  groupIdField,
  requestField,
  seqField,
  typedNameField,
  userIdField,
  wrappedKeyField,
} from "./fields.ts";
import { type ColdFrame, type ColdKind, coldCodec, type FrameFault, readFrameKind, requestIn } from "./frame.ts";
import { limits } from "./limits.ts";
import { opaqueBytes } from "./opaque-bytes.ts";
import { encodeSend, parseSend, type SendFrame, sendKind } from "./send-frame.ts";
import type { ColdServerFrame, ReplyFrame, ReplyKind } from "./server-frame.ts";

const request = requestField;
const registrationRequest = exactBytesField(opaqueBytes.registrationRequest);
const record = exactBytesField(opaqueBytes.registrationRecord);
const ke1 = exactBytesField(opaqueBytes.ke1);
const ke3 = exactBytesField(opaqueBytes.ke3);

/** The connections that may send a frame: one that has not logged in, one that has, or either. */
export type FrameSender = "stranger" | "user" | "anyone";

/**
 * Every frame of a client but SEND: who may send it, and what the server replies. A *request* has a `request` number
 * and is answered by the frame that stands beside it as its `reply`, or by `error`. A frame without a reply is a *post*. Servers,
 * clients and the tables of PROTOCOL.md follow this table: a frame is added here first, and the compiler names the rest.
 */
export const coldClientFrames = {
  /** OPAQUE registration, first message. */
  signUpStart: {
    code: 0x10,
    from: "stranger",
    reply: "signUpStarted",
    body: z.strictObject({ request, name: typedNameField, message: registrationRequest }),
  },
  /** OPAQUE registration record and the public identity, once for a `signUpStart`. */
  signUpFinish: {
    code: 0x11,
    from: "stranger",
    reply: "welcome",
    body: z.strictObject({
      request,
      name: typedNameField,
      record,
      identity: bytesField(limits.identityBytesMax),
      backup: backup.exactOptional(),
    }),
  },
  /** OPAQUE login, KE1. */
  logInStart: {
    code: 0x12,
    from: "stranger",
    reply: "logInStarted",
    body: z.strictObject({ request, name: typedNameField, message: ke1 }),
  },
  /** OPAQUE login, KE3. */
  logInFinish: { code: 0x13, from: "stranger", reply: "welcome", body: z.strictObject({ request, message: ke3 }) },
  /** A session token instead of a login. */
  resume: { code: 0x14, from: "stranger", reply: "welcome", body: z.strictObject({ request, token: bytesField(256) }) },
  /** Ends the session: its token can resume it no more. */
  logOut: { code: 0x15, from: "user", reply: "done", body: z.strictObject({ request }) },
  /** The caller's account secret, sealed under the password. */
  fetchBackup: { code: 0x16, from: "user", reply: "backup", body: z.strictObject({ request }) },
  /** Replaces it. */
  saveBackup: { code: 0x17, from: "user", reply: "done", body: z.strictObject({ request, backup }) },
  /** A new password: OPAQUE registration, first message. Only on a connection that logged in with the old one. */
  passwordStart: {
    code: 0x18,
    from: "user",
    reply: "passwordStarted",
    body: z.strictObject({ request, message: registrationRequest }),
  },
  /** The new record, and the account secret sealed anew: the server keeps both or neither, and ends the user's other sessions. */
  passwordFinish: { code: 0x19, from: "user", reply: "done", body: z.strictObject({ request, record, backup }) },

  /** Public identities by name or id, in the order asked. */
  findUsers: {
    code: 0x20,
    from: "user",
    reply: "users",
    body: z
      .strictObject({
        request,
        names: z.array(typedNameField).max(limits.findUsersMax).exactOptional(),
        ids: z.array(userIdField).max(limits.findUsersMax).exactOptional(),
      })
      .refine(({ names = [], ids = [] }) => names.length + ids.length <= limits.findUsersMax, {
        message: `at most ${limits.findUsersMax} names and ids`,
      }),
  },

  /** The caller's groups; from now on the server delivers their messages. */
  groups: { code: 0x30, from: "user", reply: "groups", body: z.strictObject({ request }) },
  /** Wrapped keys for a `change` to come; the server holds them until that or until the connection ends. */
  stageKeys: {
    code: 0x31,
    from: "user",
    reply: "done",
    body: z.strictObject({
      request,
      group: groupIdField,
      keys: z
        .array(z.strictObject({ epoch: epochField, user: userIdField, wrapped: wrappedKeyField }))
        .max(limits.stagedKeysPerFrameMax),
    }),
  },
  /** A signed membership entry. */
  change: {
    code: 0x32,
    from: "user",
    reply: "changed",
    body: z.strictObject({ request, entry: bytesField(limits.entryBytesMax) }),
  },
  /** Entries of a group's log from an index on. */
  log: {
    code: 0x33,
    from: "user",
    reply: "log",
    body: z.strictObject({ request, group: groupIdField, from: countField }),
  },
  /** The caller's wrapped keys from an epoch on. */
  keys: {
    code: 0x34,
    from: "user",
    reply: "keys",
    body: z.strictObject({ request, group: groupIdField, from: epochField }),
  },

  /** Messages after one seq, up to another: DELIVER frames come before the reply. */
  sync: {
    code: 0x40,
    from: "user",
    reply: "synced",
    body: z.strictObject({ request, group: groupIdField, after: seqField, through: seqField }),
  },
  /** The user has read everything up to this seq. */
  read: { code: 0x41, from: "user", body: z.strictObject({ group: groupIdField, seq: seqField }) },
  /** The user watches the group: the server sends `presence` and `cursors`, now and at each change. */
  open: { code: 0x42, from: "user", body: z.strictObject({ group: groupIdField }) },
  /** The user watches the group no more. */
  close: { code: 0x43, from: "user", body: z.strictObject({ group: groupIdField }) },
  /** The user is writing something: the server sends `typing` to those who watch the group, and keeps nothing. */
  typing: { code: 0x44, from: "user", body: z.strictObject({ group: groupIdField }) },

  /** For the round-trip time through the server's loop. */
  ping: { code: 0x50, from: "anyone", reply: "pong", body: z.strictObject({ request }) },
} as const satisfies Readonly<Record<string, ColdKind & { readonly from: FrameSender; readonly reply?: ReplyKind }>>;

const codec = coldCodec(coldClientFrames);

export type ColdClientFrame = ColdFrame<typeof coldClientFrames>;

type ClientTable = typeof coldClientFrames;
type Requests = {
  [Kind in keyof ClientTable as ClientTable[Kind] extends { readonly reply: ReplyKind }
    ? Kind
    : never]: ClientTable[Kind];
};
/** Frames that have a reply. */
export type RequestKind = keyof Requests;
export type RequestFrame<Kind extends RequestKind> = Extract<ColdClientFrame, { kind: Kind }>;
/** The frame that grants a request. */
export type ReplyTo<Kind extends RequestKind> = ReplyFrame<Requests[Kind]["reply"]>;

/** A request without its number, which the link gives it. */
export type RequestOf<Kind extends RequestKind> = { readonly kind: Kind } & Omit<
  RequestFrame<Kind>,
  "kind" | "request"
>;

/** Whether a frame is the one that grants a request of this kind. */
export function isReplyTo<Kind extends RequestKind>(kind: Kind, frame: ColdServerFrame): frame is ReplyTo<Kind> {
  return frame.kind === coldClientFrames[kind].reply;
}

/** Frames that have no reply. */
export type PostKind = Exclude<ColdClientFrame["kind"], RequestKind>;
export type PostFrame<Kind extends PostKind> = Extract<ColdClientFrame, { kind: Kind }>;

export const isRequest = (frame: ColdClientFrame): frame is RequestFrame<RequestKind> => "request" in frame;

/** Everything that a client may send. */
export type ClientFrame = SendFrame | ColdClientFrame;

export function encodeClientFrame(frame: ClientFrame): Uint8Array {
  return frame.kind === "send" ? encodeSend(frame) : codec.encode(frame);
}

export function encodeRequest<Kind extends RequestKind>(
  { kind, ...body }: RequestOf<Kind>,
  request: number,
): Uint8Array {
  return codec.encodeBody(kind, { ...body, request });
}

/** Never throws, whatever the bytes are. A SEND's payload is a view into them. */
export function parseClientFrame(bytes: Uint8Array): Parsed<ClientFrame, FrameFault> {
  const kind = readFrameKind(bytes);
  if (!kind.ok) return kind;
  if (kind.value === sendKind) return parseSend(bytes);
  return (
    codec.parse(kind.value, bytes) ??
    refused({
      code: "unknown_frame",
      detail: `no client frame has the kind ${kind.value}`,
      request: requestIn(bytes),
    })
  );
}
