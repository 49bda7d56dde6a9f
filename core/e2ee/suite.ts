import type { Parsed, Result } from "../platform/result.ts";
import type { ClientMessageId, Epoch, GroupId, UserId } from "../wire/ids.ts";
import type { MembershipEntry } from "../wire/membership-entry.ts";
import type { MessageType } from "../wire/send-frame.ts";
import type { Identity } from "./identity.ts";
import type { PublicIdentity } from "./public-identity.ts";

/**
 * A way to encrypt a group; the rest of the client knows no more of it than this interface.
 *
 * Every method takes a state and returns a new one, so that a client can keep the new state in the same transaction as the
 * message that led to it. States are opaque to the client; `encodeState` and `decodeState` take them to disk and back.
 */
export interface Suite<State> {
  /** As the group's settings name it. */
  readonly name: string;

  /**
   * Makes the handshake messages that have to be sent, in this order, before an epoch can begin. They travel like any
   * message, and every member takes them in by {@link receiveHandshake} in the order of their seqs. Most suites need none.
   *
   * The client keeps the new state before it sends the first. The change may still come to nothing, because somebody else's
   * came first or the client died: its handshake messages stay among the group's messages, and must do no harm. Not called
   * for `create`: a group that does not exist has no messages.
   */
  prepareEpoch(
    self: Identity,
    state: State | undefined,
    change: EpochChange,
  ): Promise<Result<PreparedEpoch<State>, SuiteFault>>;

  /**
   * Takes in a handshake message of a member, the client's own included; the new state is kept together with the message.
   *
   * The suite has to recognise a repeated message. It also has to cope with a message of an epoch that is over by its state:
   * the client that began the next epoch has that in its state before its entry comes back, and messages that others sent
   * meanwhile come in between.
   */
  receiveHandshake(
    self: Identity,
    state: State,
    envelope: UnopenedEnvelope,
    payload: Uint8Array,
    sender: PublicIdentity,
  ): Promise<Result<State, SuiteFault>>;

  /**
   * Begins the next epoch of a group, or the first: for `create`, `admit`, `remove` and `rekey`. An epoch begins with one
   * entry, so a suite's commit fits into that entry's key commitment, and what new members need into their wrapped keys.
   */
  beginEpoch(self: Identity, before: State | undefined, change: EpochChange): Promise<NewEpoch<State>>;

  /**
   * Follows an epoch that a member began, with the caller's wrapped key for it; also one that the caller began, if the client
   * died before it kept the new state. The log may be ahead of the messages: after `handshake_missing` the client tries
   * again once it has taken in everything before the entry.
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

  /** The state without the secrets of all other epochs: what a client does not keep cannot be stolen from it. */
  forget(state: State, needed: ReadonlySet<Epoch>): State;

  encodeState(state: State): Uint8Array;
  /** Throws for bytes that `encodeState` did not make. */
  decodeState(bytes: Uint8Array): State;
}

/** A suite to code that only passes its states on. */
// oxlint-disable-next-line typescript/no-explicit-any -- the state's type is the suite's own affair
export type AnySuite = Suite<any>;

export interface Recipient {
  readonly user: UserId;
  readonly identity: PublicIdentity;
}

export interface EpochChange {
  readonly group: GroupId;
  /** The epoch that begins. */
  readonly epoch: Epoch;
  /** All members in it, the caller included. */
  readonly members: readonly Recipient[];
  /** The new members among them, if the group's settings let them read what came before. */
  readonly readBack: readonly Recipient[];
}

export interface PreparedEpoch<State> {
  readonly state: State | undefined;
  readonly handshakes: readonly Uint8Array[];
}

export interface NewEpoch<State> {
  readonly state: State;
  /** For the membership entry, whose signature then covers the keys below. On the wire it is the entry's `opening`. */
  readonly keyCommitment: Uint8Array;
  readonly keys: readonly WrappedKey[];
}

export interface WrappedKey {
  readonly epoch: Epoch;
  readonly user: UserId;
  readonly wrapped: Uint8Array;
}

/** The header that a sealed message is bound to: it travels outside, and is repeated inside. */
export interface Envelope {
  readonly type: MessageType;
  readonly group: GroupId;
  readonly epoch: Epoch;
  readonly sender: UserId;
  readonly clientMessageId: ClientMessageId;
  /** Hash of the last membership entry that the sender had seen: it shows when two members were shown different logs. */
  readonly logHead: Uint8Array;
}

/** The part of an envelope that travels outside; the log's head is known once the message is opened. */
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
  /** The suite never makes such bytes, or they were cut. */
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
  /** The suite has no such handshake message, or does not expect it now, or has taken it in before. */
  | "unexpected_handshake"
  /** The epoch cannot be followed, or changed, without handshake messages that have not been taken in. */
  | "handshake_missing";
