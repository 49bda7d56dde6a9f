import { createHash, randomBytes, sign, verify } from "node:crypto";
import { encode } from "cborg";
import { z } from "zod";
import type { Identity } from "../e2ee/identity.ts";
import { commitToKey, wrapKey } from "../e2ee/key-wrap.ts";
import type { PublicIdentity } from "../e2ee/public-identity.ts";
import { RsaFernet, type RsaFernetState } from "../e2ee/rsa-fernet.ts";
import { inlineRsa } from "../e2ee/rsa-inline.ts";
import type { Envelope, EpochChange, NewEpoch, Suite, SuiteFault, UnopenedEnvelope } from "../e2ee/suite.ts";
import { accepted, type Parsed, type Result, refused } from "../platform/result.ts";
import { equalBytes } from "../wire/bytes.ts";
import { parseCbor } from "../wire/cbor.ts";
import { anyBytesField, countField, epochField, userIdField } from "../wire/fields.ts";
import type { Epoch, GroupId, UserId } from "../wire/ids.ts";
import type { MembershipEntry } from "../wire/membership-entry.ts";

export interface LadderState extends RsaFernetState {
  /** The newest epoch with a key. */
  readonly top: Epoch;
  readonly members: readonly UserId[];
  /** The shares received since that epoch began, in order. */
  readonly heard: readonly Uint8Array[];
  /** Hashes of the member's own shares that are under way. A state without one was not kept before the share was sent. */
  readonly offered: readonly Uint8Array[];
}

const commitFields = z.strictObject({
  from: epochField,
  /** How many of the shares since that epoch went into the key. */
  heard: countField,
  members: z.array(userIdField),
  commitment: anyBytesField,
});

const stateFields = z.strictObject({
  keys: z.array(z.tuple([epochField, anyBytesField])),
  top: epochField,
  members: z.array(userIdField),
  heard: z.array(anyBytesField),
  offered: z.array(anyBytesField),
});

/**
 * A suite for tests that needs what MLS will need: members send shares as handshake messages, and all shares, in order, go
 * into the next key. A member who missed a share, or got them in another order, cannot follow. Members who stay get no key
 * from the server, new members a wrapped one. The suite protects nothing: a removed member could follow as well.
 */
export class LadderSuite implements Suite<LadderState> {
  readonly name = "ladder";
  readonly #messages = new RsaFernet(inlineRsa, () => Math.floor(Date.now() / 1000));
  /** How many handshake messages each change takes. */
  readonly #sharesEach: number;

  constructor(sharesEach = 2) {
    this.#sharesEach = sharesEach;
  }

  async prepareEpoch(self: Identity, state: LadderState | undefined, { group, epoch }: EpochChange) {
    if (!state || state.top < epoch - 2) return refused<SuiteFault>("handshake_missing");
    const shares = Array.from({ length: this.#sharesEach }, () => randomBytes(shareBytes));
    const handshakes = shares.map((share) => Buffer.concat([share, sign(null, signed(group, share), self.signingKey)]));
    return accepted({ state: { ...state, offered: [...state.offered, ...shares.map(hashOf)] }, handshakes });
  }

  async receiveHandshake(
    self: Identity,
    state: LadderState,
    { group, epoch }: UnopenedEnvelope,
    payload: Uint8Array,
    sender: PublicIdentity,
  ): Promise<Result<LadderState, SuiteFault>> {
    const share = payload.subarray(0, shareBytes);
    if (!verify(null, signed(group, share), sender.signing, payload.subarray(shareBytes)))
      return refused("bad_signature");
    if (epoch < state.top) return accepted(state);
    if (state.heard.some((heard) => equalBytes(heard, share))) return refused("unexpected_handshake");
    const isOwn = equalBytes(sender.fingerprint, self.public.fingerprint);
    const offered = state.offered.filter((hash) => !equalBytes(hash, hashOf(share)));
    if (isOwn && offered.length === state.offered.length) return refused("unexpected_handshake");
    return accepted({ ...state, heard: [...state.heard, share], offered });
  }

  async beginEpoch(
    _self: Identity,
    before: LadderState | undefined,
    { group, epoch, members }: EpochChange,
  ): Promise<NewEpoch<LadderState>> {
    const key = before ? nextKey(before, before.heard.length) : randomBytes(shareBytes);
    const ids = members.map(({ user }) => user);
    const commit = {
      from: before?.top ?? epoch,
      heard: before?.heard.length ?? 0,
      members: ids,
      commitment: commitToKey(group, epoch, key),
    };
    const keys = members.map(async ({ user, identity }) => {
      if (before?.members.includes(user)) return { epoch, user, wrapped: nothing };
      const { wrapping: publicKey, fingerprint: recipientFingerprint } = identity;
      return { epoch, user, wrapped: wrapKey({ group, epoch, key, publicKey, recipientFingerprint }) };
    });
    return { state: climbed(before, epoch, key, ids), keyCommitment: encode(commit), keys: await Promise.all(keys) };
  }

  async followEpoch(
    self: Identity,
    before: LadderState | undefined,
    { group, epoch, opening }: MembershipEntry,
    wrapped: Uint8Array,
  ): Promise<Result<LadderState, SuiteFault>> {
    const parsed = opening && parseCbor(opening, commitFields);
    if (!parsed?.ok) return refused("malformed");
    const { from, heard, members, commitment } = parsed.value;
    let key: Uint8Array;
    if (wrapped.length > nothing.length) {
      const recipientFingerprint = self.public.fingerprint;
      const welcome = await inlineRsa.unwrap({
        group,
        epoch,
        recipientFingerprint,
        privateKey: self.wrappingKey,
        wrapped,
      });
      if (!welcome.ok) return refused("wrong_wrapped_key");
      key = welcome.value;
    } else {
      if (!before || before.top !== from || before.heard.length < heard) return refused("handshake_missing");
      key = nextKey(before, heard);
    }
    if (!equalBytes(commitToKey(group, epoch, key), commitment)) return refused("wrong_wrapped_key");
    return accepted(climbed(before, epoch, key, members));
  }

  holds(state: LadderState | undefined, epoch: Epoch): boolean {
    return this.#messages.holds(state, epoch);
  }

  async seal(self: Identity, state: LadderState, envelope: Envelope, body: Uint8Array) {
    const sealed = await this.#messages.seal(self, state, envelope, body);
    return sealed.ok ? accepted({ state, payload: sealed.value.payload }) : sealed;
  }

  async open(state: LadderState, envelope: UnopenedEnvelope, payload: Uint8Array, sender: PublicIdentity) {
    const opened = await this.#messages.open(state, envelope, payload, sender);
    return opened.ok ? accepted({ ...opened.value, state }) : opened;
  }

  sealTitle(state: LadderState, group: GroupId, epoch: Epoch, title: string): Uint8Array {
    return this.#messages.sealTitle(state, group, epoch, title);
  }

  openTitle(state: LadderState, group: GroupId, epoch: Epoch, sealed: Uint8Array): Parsed<string, SuiteFault> {
    return this.#messages.openTitle(state, group, epoch, sealed);
  }

  forget(state: LadderState, needed: ReadonlySet<Epoch>): LadderState {
    return { ...state, ...this.#messages.forget(state, new Set([...needed, state.top])) };
  }

  encodeState(state: LadderState): Uint8Array {
    return encode({ ...state, keys: [...state.keys] });
  }

  decodeState(bytes: Uint8Array): LadderState {
    const parsed = parseCbor(bytes, stateFields);
    if (!parsed.ok) throw new Error(`the state of a ladder cannot be read: ${parsed.reason}`);
    return { ...parsed.value, keys: new Map(parsed.value.keys) };
  }
}

const shareBytes = 32;
/** For members who need no wrapped key: the server demands one for each member. */
const nothing = Buffer.alloc(1);

const hashOf = (share: Uint8Array) => createHash("sha256").update(share).digest();

const signed = (group: GroupId, share: Uint8Array) => Buffer.concat([Buffer.from(`ladder share ${group}`), share]);

function nextKey({ keys, top, heard }: LadderState, count: number): Uint8Array {
  const key = keys.get(top);
  if (!key) throw new Error(`a ladder without the key of its newest epoch ${top}`);
  const hash = createHash("sha256").update(key);
  for (const share of heard.slice(0, count)) hash.update(share);
  return hash.digest();
}

function climbed(
  before: LadderState | undefined,
  top: Epoch,
  key: Uint8Array,
  members: readonly UserId[],
): LadderState {
  return { keys: new Map(before?.keys).set(top, key), top, members, heard: [], offered: [] };
}
