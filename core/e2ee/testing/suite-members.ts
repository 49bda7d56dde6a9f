import assert from "node:assert/strict";
import { keyPair } from "../../testing/key-pairs.ts";
import {
  type ClientMessageId,
  clientMessageId,
  type Epoch,
  epoch,
  type GroupId,
  groupId,
  userId,
} from "../../wire/ids.ts";
import type { MembershipAction, MembershipEntry } from "../../wire/membership-entry.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { createIdentity, type Identity } from "../identity.ts";
import type { AnySuite, Envelope, EpochChange, NewEpoch, Recipient } from "../suite.ts";

export const someGroup = groupId(7);
export const logHead = Buffer.alloc(32, 9);

/** Somebody whose suite is under test, with the state that it has given them for one group. */
export class Member implements Recipient {
  readonly own: Identity;
  readonly user: Recipient["user"];
  readonly #suite: AnySuite;
  state: unknown;

  constructor(suite: AnySuite, own: Identity, number: number) {
    this.#suite = suite;
    this.own = own;
    this.user = userId(number);
  }

  get identity() {
    return this.own.public;
  }

  holds(at: number): boolean {
    return this.#suite.holds(this.state, epoch(at));
  }

  /** Goes on from the state as it was kept. */
  restart(): void {
    this.state = this.#suite.decodeState(this.#suite.encodeState(this.state));
  }

  async seal(text: string, of: Partial<Envelope> = {}): Promise<Uint8Array> {
    const sealed = await this.#suite.seal(
      this.own,
      this.state,
      envelope({ sender: this.user, ...of }),
      Buffer.from(text),
    );
    assert.ok(sealed.ok, `sealing: ${JSON.stringify(sealed)}`);
    this.state = sealed.value.state;
    return sealed.value.payload;
  }

  /** The text, or the fault in brackets. */
  async open(payload: Uint8Array, from: Member, of: Partial<Envelope> = {}): Promise<string> {
    const outside = envelope({ sender: from.user, ...of });
    const opened = await this.#suite.open(this.state, outside, payload, from.identity);
    if (!opened.ok) return `[${opened.reason}]`;
    assert.deepEqual(Buffer.from(opened.value.logHead), logHead);
    this.state = opened.value.state;
    return Buffer.from(opened.value.body).toString();
  }

  /** Why the suite did not take a handshake message; undefined when it did. */
  async takeHandshake(payload: Uint8Array, from: Member, at: Epoch): Promise<string | undefined> {
    const outside = envelope({ type: messageTypes.handshake, epoch: at, sender: from.user });
    const taken = await this.#suite.receiveHandshake(this.own, this.state, outside, payload, from.identity);
    if (taken.ok) this.state = taken.value;
    return taken.ok ? undefined : taken.reason;
  }

  /** Why the suite did not follow an epoch; undefined when it did. */
  async follow(entry: MembershipEntry, wrapped: Uint8Array): Promise<string | undefined> {
    const followed = await this.#suite.followEpoch(this.own, this.state, entry, wrapped);
    if (followed.ok) this.state = followed.value;
    return followed.ok ? undefined : followed.reason;
  }
}

/** An epoch that a member has begun: its entry and everybody's keys. */
export class BegunEpoch {
  readonly entry: MembershipEntry;
  readonly state: unknown;
  readonly #keys: NewEpoch<unknown>["keys"];

  constructor(by: Member, action: MembershipAction, change: EpochChange, made: NewEpoch<unknown>) {
    this.state = made.state;
    this.#keys = made.keys;
    this.entry = {
      group: change.group,
      index: change.epoch - 1,
      epoch: change.epoch,
      action,
      actor: by.user,
      actorFingerprint: by.identity.fingerprint,
      subjects: [],
      previous: logHead,
      opening: made.keyCommitment,
    };
  }

  hasKeyFor({ user }: Member): boolean {
    return this.#keys.some((key) => key.user === user && key.epoch === this.entry.epoch);
  }

  keyFor({ user }: Member): Uint8Array {
    const key = this.#keys.find((of) => of.user === user && of.epoch === this.entry.epoch);
    assert.ok(key, `a key for user ${user}`);
    return key.wrapped;
  }
}

/** One group of a suite under test, whose server delivers everything to everybody in one order. */
export class SuiteGroup {
  readonly group: GroupId;
  readonly #suite: AnySuite;
  #epoch = 0;

  constructor(suite: AnySuite, group = someGroup) {
    this.#suite = suite;
    this.group = group;
  }

  /** The newest epoch that was begun. */
  get epoch(): number {
    return this.#epoch;
  }

  /** A change as a client makes it: prepared, its handshake messages taken in by everybody, begun and followed. */
  async change(by: Member, action: MembershipAction, members: readonly Member[], present: readonly Member[] = members) {
    const handshakes = await this.prepare(by, members);
    await this.deliver(by, handshakes, present);
    const begun = await this.begin(by, action, members);
    await this.follow(by, begun, members);
    return begun;
  }

  changeOf(members: readonly Member[]): EpochChange {
    return { group: this.group, epoch: epoch(this.#epoch + 1), members, readBack: [] };
  }

  /** The handshake messages that a member has to send before the next epoch. */
  async prepare(by: Member, members: readonly Member[]): Promise<readonly Uint8Array[]> {
    if (this.#epoch === 0) return [];
    const prepared = await this.#suite.prepareEpoch(by.own, by.state, this.changeOf(members));
    assert.ok(prepared.ok, `preparing: ${JSON.stringify(prepared)}`);
    by.state = prepared.value.state;
    return prepared.value.handshakes;
  }

  /** Hands these handshake messages to those of `to` who are in the group. */
  async deliver(from: Member, handshakes: readonly Uint8Array[], to: readonly Member[]): Promise<void> {
    for (const payload of handshakes) {
      for (const member of to) {
        if (member.holds(this.#epoch))
          assert.equal(await member.takeHandshake(payload, from, epoch(this.#epoch)), undefined);
      }
    }
  }

  /** Makes the next epoch, which nobody has followed yet. */
  async begin(by: Member, action: MembershipAction, members: readonly Member[]): Promise<BegunEpoch> {
    const change = this.changeOf(members);
    const begun = new BegunEpoch(by, action, change, await this.#suite.beginEpoch(by.own, by.state, change));
    this.#epoch++;
    return begun;
  }

  /** The server has accepted the entry: its maker goes on from the new state, the others follow. */
  async follow(by: Member, begun: BegunEpoch, members: readonly Member[]): Promise<void> {
    for (const member of members) {
      if (member === by) member.state = begun.state;
      else assert.equal(await member.follow(begun.entry, begun.keyFor(member)), undefined);
    }
  }
}

export const anId = (id: number): ClientMessageId => clientMessageId(BigInt(id));

export function envelope(of: Partial<Envelope>): Envelope {
  return {
    type: messageTypes.application,
    group: someGroup,
    epoch: epoch(1),
    sender: userId(1),
    clientMessageId: anId(77),
    logHead,
    ...of,
  };
}

/** Alice, Bob and Carol, who are in no group yet. */
export async function threePeople(suite: AnySuite) {
  const [alice, bob, carol] = await Promise.all(
    (["alice", "bob", "carol"] as const).map(
      async (name, i) => new Member(suite, createIdentity(name, await keyPair(i)), i + 1),
    ),
  );
  assert.ok(alice && bob && carol);
  return { alice, bob, carol };
}
