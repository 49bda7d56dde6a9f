import { z } from "zod";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { readUint8, readUint32, writeUint32 } from "./bytes.ts";
import {
  anyBytesField,
  countField,
  epochField,
  groupIdField,
  requestField,
  seqField,
  timeField,
  userIdField,
} from "./fields.ts";
import { type ColdFrame, coldCodec, type FrameFault, frameHeadBytes, malformed, protocolVersion } from "./frame.ts";

const loadFields = z.strictObject({
  /** Logged-in sockets. */
  connections: countField,
  /** Busy share of the server's event loop since the last heartbeat, 0 to 1. */
  utilization: z.number().min(0).max(1),
  /** 99th percentile of the loop's lag since the last heartbeat. */
  lagMs: z.number().min(0),
  /** Takes no new clients. */
  draining: z.boolean(),
});

/** What a server reports of itself to the others. */
export type ServerLoad = Readonly<z.output<typeof loadFields>>;

/** Every frame between servers but DELIVER. Any of them may get lost: the database is the truth. */
export const coldLinkFrames = {
  /** The sender wants the messages of the groups in `join`, and of those in `leave` no more; `interested` says that this holds. */
  interest: {
    code: 0x02,
    body: z.strictObject({
      request: requestField,
      join: z.array(groupIdField),
      leave: z.array(groupIdField),
    }),
  },
  interested: { code: 0x03, body: z.strictObject({ request: requestField }) },
  heartbeat: { code: 0x04, body: z.strictObject({ url: z.string(), at: timeField, load: loadFields }) },
  /** The sender is about to stop. */
  bye: { code: 0x05, body: z.strictObject({ at: timeField }) },

  /** A group has a new membership entry. */
  changed: {
    code: 0x10,
    body: z.strictObject({
      group: groupIdField,
      index: countField,
      epoch: epochField,
      seq: seqField,
      joined: z.array(userIdField),
      left: z.array(userIdField),
    }),
  },
  /** Whether the sender has clients that watch this group. */
  presenceWatch: { code: 0x11, body: z.strictObject({ group: groupIdField, watching: z.boolean() }) },
  /** Members who have connected to the sender, or are connected to it no more; or all who are connected. */
  presence: {
    code: 0x12,
    body: z.strictObject({
      group: groupIdField,
      complete: z.boolean(),
      online: z.array(userIdField),
      offline: z.array(userIdField),
    }),
  },
  cursors: {
    code: 0x13,
    body: z.strictObject({
      group: groupIdField,
      cursors: z.array(z.tuple([userIdField, seqField])),
    }),
  },
  /** A user has logged out: the token of this session can resume it no more. */
  revoked: { code: 0x14, body: z.strictObject({ session: anyBytesField }) },
  /** Members, connected to the sender, who are writing something just now. */
  typing: { code: 0x15, body: z.strictObject({ group: groupIdField, users: z.array(userIdField) }) },
} as const;

const codec = coldCodec(coldLinkFrames);

const deliverKind = 0x01;

/** DELIVER frames of messages just committed, for the receiver to pass on as they are. */
export interface LinkDeliver {
  readonly kind: "linkDeliver";
  readonly frames: readonly Uint8Array[];
}

export type ColdLinkFrame = ColdFrame<typeof coldLinkFrames>;
export type LinkFrame = LinkDeliver | ColdLinkFrame;
export type Changed = Extract<ColdLinkFrame, { kind: "changed" }>;

export function encodeLinkFrame(frame: LinkFrame): Uint8Array {
  return frame.kind === "linkDeliver" ? encodeLinkDeliver(frame.frames) : codec.encode(frame);
}

/** Version and kind, then each DELIVER frame behind its length. */
export function encodeLinkDeliver(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(frames.reduce((sum, frame) => sum + 4 + frame.length, frameHeadBytes));
  bytes[0] = protocolVersion;
  bytes[1] = deliverKind;
  let at = frameHeadBytes;
  for (const frame of frames) {
    writeUint32(bytes, at, frame.length);
    bytes.set(frame, at + 4);
    at += 4 + frame.length;
  }
  return bytes;
}

/** Never throws. The DELIVER frames are views, and not parsed: servers trust each other that far. */
export function parseLinkFrame(bytes: Uint8Array): Parsed<LinkFrame, FrameFault> {
  if (bytes.length < frameHeadBytes) return malformed("a link frame ends within its head");
  if (bytes[0] !== protocolVersion) {
    return refused({
      code: "unsupported_version",
      detail: `this is version ${protocolVersion}, the peer's ${bytes[0]}`,
    });
  }
  const kind = readUint8(bytes, 1);
  if (kind !== deliverKind) {
    return codec.parse(kind, bytes) ?? refused({ code: "unknown_frame", detail: `no link frame has the kind ${kind}` });
  }
  const frames: Uint8Array[] = [];
  let at = frameHeadBytes;
  while (at < bytes.length) {
    // Of a length that is cut, the missing bytes count as 0: its end lies behind the frame's, too.
    const end = at + 4 + readUint32(bytes, at);
    if (end > bytes.length) return malformed("a link frame ends within a DELIVER");
    frames.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return accepted({ kind: "linkDeliver", frames });
}
