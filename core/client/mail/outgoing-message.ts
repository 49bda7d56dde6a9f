import type { Result } from "../../platform/result.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import type { ClientMessageId, Epoch, GroupId, Seq } from "../../wire/ids.ts";
import type { MessageType } from "../../wire/send-frame.ts";

/** What a message is sealed for. */
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
  /** `not_now`: what is needed for it could not be had; it is tried again. The others are final. */
  readonly code: "not_now" | "cannot_seal" | "identity_changed";
  readonly detail: string;
}

/** Seals a message; asked again when the epoch has changed meanwhile. May be answered at once, or take a key exchange. */
export type Seal = (target: SealTarget) => Result<SealedFor, SealRefusal> | Promise<Result<SealedFor, SealRefusal>>;

export interface OutgoingMessage {
  readonly id: ClientMessageId;
  readonly group: GroupId;
  readonly type: MessageType;
  readonly seal: Seal;
  /** It may have been sent before, by an earlier run: the server is to look for it first. */
  readonly sentBefore: boolean;
}

/** What became of it. */
export type SendOutcome =
  | { readonly ok: true; readonly seq: Seq; readonly sentAt: number }
  | {
      readonly ok: false;
      readonly code: ErrorCode | Exclude<SealRefusal["code"], "not_now">;
      readonly detail: string;
    };
