import type { Result } from "../../platform/result.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import type { ClientMessageId, Epoch, GroupId, Seq } from "../../wire/ids.ts";
import type { MessageType } from "../../wire/send-frame.ts";

/** The message that is to be sealed, with its group. */
export interface SealTarget {
  readonly group: GroupId;
  /** The group's epoch as the server last named it. */
  readonly epoch: Epoch;
  readonly clientMessageId: ClientMessageId;
}

export interface SealedFor {
  readonly epoch: Epoch;
  readonly payload: Uint8Array;
}

/** Why a message was not sealed. */
export interface SealRefusal {
  /** `not_now`: the server did not give what sealing needs, and the outbox tries again. The others are final. */
  readonly code: "not_now" | "cannot_seal" | "identity_changed";
  readonly detail: string;
}

/** Why a message was not taken in. */
export interface SendRefusal {
  readonly code: "busy" | "payload_too_large";
  readonly detail: string;
}

/** Seals a message, at once or after requests to the server. The outbox calls it again when the epoch has changed meanwhile. */
export type Seal = (target: SealTarget) => Result<SealedFor, SealRefusal> | Promise<Result<SealedFor, SealRefusal>>;

export interface OutgoingMessage {
  readonly id: ClientMessageId;
  readonly group: GroupId;
  readonly type: MessageType;
  readonly seal: Seal;
  /** An earlier run may have sent it: the server then looks for it first. */
  readonly sentBefore: boolean;
}

/** The outcome of a message: its seq, or why it was not sent. */
export type SendOutcome =
  | { readonly ok: true; readonly seq: Seq; readonly sentAt: number }
  | {
      readonly ok: false;
      readonly code: ErrorCode | Exclude<SealRefusal["code"], "not_now">;
      readonly detail: string;
    };
