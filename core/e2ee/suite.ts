import type { Parsed, Result } from "../platform/result.ts";
import type { ClientMessageId, Epoch, GroupId, UserId } from "../wire/ids.ts";
import type { MembershipEntry } from "../wire/membership-entry.ts";
import type { MessageType } from "../wire/send-frame.ts";
import type { Identity } from "./identity.ts";
import type { PublicIdentity } from "./public-identity.ts";

/**
 * A way to encrypt a group, behind which the rest of the client does not look.
 *
 * Everything is state in, new state out, so that a client can keep the new state in the same transaction as the message
 * that changed it. States are opaque; `encodeState` and `decodeState` take them to disk and back.
 */
export interface Suite<State> {
  /** As the group's settings name it. */
  readonly name: string;

  /**
   * What has to be sent as handshake messages, in this order, before an epoch can be opened: they travel like any message,
   * and every member takes them in by {@link receiveHandshake} in the order of their seqs. Most suites need none.
   *
   * The new state is kept before the first is sent. The change may still come to nothing, because somebody else's came
   * first or the client died: its handshake messages then stand in the order, and must do no harm. Not asked for `create`:
   * a group that is not there has no messages.
   */
  prepareEpoch(
    self: Identity,
    state: State | undefined,
    change: EpochChange,
  ): Promise<Result<PreparedEpoch<State>, SuiteFault>>;

  /**
   * Takes in a handshake message of a member, one's own too; the new state is kept together with the message.
   *
   * To know a repetition is the suite's affair. So is a message of an epoch that is over already by the state: whoever
   * opened the next one knows of that before its entry comes back, and what others sent meanwhile comes in between.
   */
  receiveHandshake(
    self: Identity,
    state: State,
    envelope: UnopenedEnvelope,
    payload: Uint8Array,
    sender: PublicIdentity,
  ): Promise<Result<State, SuiteFault>>;

  /**
   * Opens the next epoch of a group, or the first: for `create`, `admit`, `remove` and `rekey`. There is one entry to an
   * epoch, so a suite's commit fits into its `opening`, and what new members need into their wrapped keys.
   */
  beginEpoch(self: Identity, before: State | undefined, change: EpochChange): Promise<NewEpoch<State>>;

  /**
   * Follows an epoch that somebody opened, with the caller's wrapped key for it; one's own as well, if the client died
   * before the new state was kept. The log may be ahead of the messages: with `handshake_missing` it is tried again once
   * everything before the entry has been taken in.
   */
  followEpoch(
    self: Identity,
    before: State | undefined,
    entry: MembershipEntry,
    wrapped: Uint8Array,
  ): Promise<Result<State, SuiteFault>>;

  /** Whether messages of this epoch can be sealed and opened. */
  holds(state: State | undefined, epoch: Epoch): boolean;

  seal(self: Identity, state: State, envelope: Envelope, body: Uint8Array): Promise<Result<Sealed<State>, SuiteFault>>;

  /**
   * The body, if `sender` sealed it under just this envelope. The faults of a forged, pasted, replayed or cut message each
   * have a name.
   */
  open(
    state: State,
    envelope: UnopenedEnvelope,
    payload: Uint8Array,
    sender: PublicIdentity,
  ): Promise<Result<Opened<State>, SuiteFault>>;

  /** The group's title under the epoch's key, for a membership entry. */
  sealTitle(state: State, group: GroupId, epoch: Epoch, title: string): Uint8Array;
  openTitle(state: State, group: GroupId, epoch: Epoch, sealed: Uint8Array): Parsed<string, SuiteFault>;

  /** The state without what only epochs need that are not among these: what nobody has can be stolen from nobody. */
  forget(state: State, needed: ReadonlySet<Epoch>): State;

  encodeState(state: State): Uint8Array;
  /** Throws for bytes that `encodeState` has not made. */
  decodeState(bytes: Uint8Array): State;
}

/** What a suite of unknown state is to those who only pass its states on. */
// oxlint-disable-next-line typescript/no-explicit-any -- the state's type is the suite's own affair
export type AnySuite = Suite<any>;

export interface Recipient {
  readonly user: UserId;
  readonly identity: PublicIdentity;
}

export interface EpochChange {
  readonly group: GroupId;
  /** The epoch to open. */
  readonly epoch: Epoch;
  /** Everybody who is a member in it, the caller too. */
  readonly members: readonly Recipient[];
  /** Those among them who were not members before, if the group lets them read what came before. */
  readonly readBack: readonly Recipient[];
}

export interface PreparedEpoch<State> {
  readonly state: State | undefined;
  readonly handshakes: readonly Uint8Array[];
}

export interface NewEpoch<State> {
  readonly state: State;
  /** For the membership entry: what ties the keys below to its signature. */
  readonly opening: Uint8Array;
  readonly keys: readonly WrappedKey[];
}

export interface WrappedKey {
  readonly epoch: Epoch;
  readonly user: UserId;
  readonly wrapped: Uint8Array;
}

/** What a message is bound to, inside and outside. */
export interface Envelope {
  readonly type: MessageType;
  readonly group: GroupId;
  readonly epoch: Epoch;
  readonly sender: UserId;
  readonly clientMessageId: ClientMessageId;
  /** Hash of the last membership entry that the sender had seen: members who were shown different logs find out by it. */
  readonly logHead: Uint8Array;
}

/** What the outside of a message says; the log's head is known only once it is open. */
export type UnopenedEnvelope = Omit<Envelope, "logHead">;

export interface Sealed<State> {
  readonly state: State;
  readonly payload: Uint8Array;
}

export interface Opened<State> {
  readonly state: State;
  readonly logHead: Uint8Array;
  readonly body: Uint8Array;
}

export type SuiteFault =
  /** No key for the epoch. */
  | "unknown_epoch"
  /** Not what the suite makes, or cut. */
  | "malformed"
  /** Sealed under another key, or changed since. */
  | "wrong_key"
  /** The wrapped key is another group's, epoch's or recipient's, or not the one that the entry commits to. */
  | "wrong_wrapped_key"
  | "wrong_type"
  | "wrong_group"
  | "wrong_epoch"
  | "wrong_sender"
  | "wrong_message_id"
  /** The sender's key did not sign it. */
  | "bad_signature"
  /** A handshake message that the suite does not have, or not now, or has had before. */
  | "unexpected_handshake"
  /** The epoch cannot be followed, or changed, without handshake messages that have not been taken in. */
  | "handshake_missing";
