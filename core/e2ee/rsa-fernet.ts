import { randomBytes } from "node:crypto";
import { encode } from "cborg";
import { z } from "zod";
import { accepted, type Parsed, type Result, refused } from "../platform/result.ts";
import { equalBytes } from "../wire/bytes.ts";
import { parseCbor } from "../wire/cbor.ts";
import { anyBytesField, epochField, groupIdField } from "../wire/fields.ts";
import type { Epoch, GroupId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import type { MembershipEntry } from "../wire/membership-entry.ts";
import { titleFault } from "../wire/title.ts";
import { fernetKeyBytes, fernetOpen, fernetSeal, fernetTokenBytes } from "./fernet.ts";
import type { Identity } from "./identity.ts";
import { commitToKey, type UnwrapJob, type WrapJob } from "./key-wrap.ts";
import { insideOverheadBytes, signMessage, verifyMessage } from "./message-seal.ts";
import type { PublicIdentity } from "./public-identity.ts";
import type {
  Envelope,
  EpochChange,
  NewEpoch,
  Recipient,
  Suite,
  SuiteFault,
  UnopenedEnvelope,
  WrappedKey,
} from "./suite.ts";

export const rsaFernetName = "rsa-fernet";

const keyCommitmentFields = z.object({ commitment: anyBytesField });
const titleFields = z.object({ group: groupIdField, epoch: epochField, title: z.string() });
const stateFields = z.array(
  z.tuple([
    epochField,
    anyBytesField.refine((key) => key.length === fernetKeyBytes, `${fernetKeyBytes} bytes are needed`),
  ]),
);

/** The epoch keys that this member holds. */
export interface RsaFernetState {
  readonly keys: ReadonlyMap<Epoch, Uint8Array>;
}

/** Computes RSA: in the calling thread, or in the pool, since a new epoch wraps a key for every member. */
export interface RsaWorker {
  wrap(jobs: readonly WrapJob[]): Promise<Uint8Array[]>;
  unwrap(job: UnwrapJob): Promise<Parsed<Uint8Array>>;
}

/**
 * A fresh Fernet key each epoch, wrapped with RSA for every member, and each message signed by its sender.
 *
 * Members can check who wrote a message, for which group and epoch. There is no forward secrecy within an epoch: somebody
 * with the epoch's key can open all of its messages.
 */
export class RsaFernet implements Suite<RsaFernetState> {
  readonly name = rsaFernetName;
  readonly #rsa: RsaWorker;
  readonly #nowSeconds: () => number;

  constructor(rsa: RsaWorker, nowSeconds: () => number) {
    this.#rsa = rsa;
    this.#nowSeconds = nowSeconds;
  }

  async beginEpoch(
    _self: Identity,
    before: RsaFernetState | undefined,
    { group, epoch, members, readBack }: EpochChange,
  ): Promise<NewEpoch<RsaFernetState>> {
    const key = randomBytes(fernetKeyBytes);
    const wraps: KeyFor[] = members.map((recipient) => ({ recipient, epoch, key }));
    // A change may bring so many keys: newcomers to a long history get those of its latest epochs.
    const epochsMax = Math.floor((limits.stagedKeysMax - members.length) / Math.max(1, readBack.length));
    const readable = [...(before?.keys ?? [])].sort(([a], [b]) => b - a).slice(0, epochsMax);
    for (const [oldEpoch, oldKey] of readable) {
      for (const recipient of readBack) wraps.push({ recipient, epoch: oldEpoch, key: oldKey });
    }
    const wrapped = await this.#rsa.wrap(
      wraps.map(({ recipient: { identity }, ...wrap }) => ({
        ...wrap,
        group,
        publicKey: identity.wrapping,
        recipientFingerprint: identity.fingerprint,
      })),
    );
    const keys = wraps.map(({ epoch: of, recipient: { user } }, i): WrappedKey => {
      const bytes = wrapped[i];
      if (!bytes) throw new Error(`${wraps.length} keys were to be wrapped, and ${wrapped.length} were`);
      return { epoch: of, user, wrapped: bytes };
    });
    return {
      state: withKey(before, epoch, key),
      keyCommitment: encode({ commitment: commitToKey(group, epoch, key) }),
      keys,
    };
  }

  async followEpoch(
    self: Identity,
    before: RsaFernetState | undefined,
    { group, epoch, opening: keyCommitment }: MembershipEntry,
    wrapped: Uint8Array,
  ): Promise<Result<RsaFernetState, SuiteFault>> {
    const committed = keyCommitment && parseCbor(keyCommitment, keyCommitmentFields);
    if (!committed?.ok) return refused("malformed");
    const context = { group, epoch, recipientFingerprint: self.public.fingerprint };
    const key = await this.#rsa.unwrap({ ...context, privateKey: self.wrappingKey, wrapped });
    if (!key.ok || key.value.length !== fernetKeyBytes) return refused("wrong_wrapped_key");
    if (!equalBytes(commitToKey(group, epoch, key.value), committed.value.commitment))
      return refused("wrong_wrapped_key");
    return accepted(withKey(before, epoch, key.value));
  }

  async prepareEpoch(_self: Identity, state: RsaFernetState | undefined) {
    return accepted({ state, handshakes: [] });
  }

  async receiveHandshake(): Promise<Result<RsaFernetState, SuiteFault>> {
    return refused("unexpected_handshake");
  }

  forget({ keys }: RsaFernetState, needed: ReadonlySet<Epoch>): RsaFernetState {
    return { keys: new Map([...keys].filter(([epoch]) => needed.has(epoch))) };
  }

  holds(state: RsaFernetState | undefined, epoch: Epoch): boolean {
    return state?.keys.has(epoch) ?? false;
  }

  async seal(self: Identity, state: RsaFernetState, envelope: Envelope, body: Uint8Array) {
    const key = state.keys.get(envelope.epoch);
    if (!key) return refused<SuiteFault>("unknown_epoch");
    const inside = signMessage(envelope, body, self.signingKey);
    return accepted({ state, payload: fernetSeal(key, inside, { nowSeconds: this.#nowSeconds() }) });
  }

  async open(state: RsaFernetState, envelope: UnopenedEnvelope, payload: Uint8Array, sender: PublicIdentity) {
    const key = state.keys.get(envelope.epoch);
    if (!key) return refused<SuiteFault>("unknown_epoch");
    const inside = fernetOpen(key, payload);
    if (!inside.ok) return refused<SuiteFault>(inside.reason === "wrong_key" ? "wrong_key" : "malformed");
    const message = verifyMessage(inside.value, envelope, sender.signing);
    return message.ok ? accepted({ state, ...message.value }) : message;
  }

  sealTitle(state: RsaFernetState, group: GroupId, epoch: Epoch, title: string): Uint8Array {
    const key = state.keys.get(epoch);
    if (!key) throw new Error(`no key for epoch ${epoch} of group ${group}`);
    return fernetSeal(key, encode({ group, epoch, title }), { nowSeconds: this.#nowSeconds() });
  }

  openTitle(state: RsaFernetState, group: GroupId, epoch: Epoch, sealed: Uint8Array): Parsed<string, SuiteFault> {
    const key = state.keys.get(epoch);
    if (!key) return refused("unknown_epoch");
    const inside = fernetOpen(key, sealed);
    if (!inside.ok) return refused(inside.reason === "wrong_key" ? "wrong_key" : "malformed");
    const fields = parseCbor(inside.value, titleFields);
    if (!fields.ok || titleFault(fields.value.title) !== undefined) return refused("malformed");
    if (fields.value.group !== group) return refused("wrong_group");
    return fields.value.epoch === epoch ? accepted(fields.value.title) : refused("wrong_epoch");
  }

  encodeState(state: RsaFernetState): Uint8Array {
    return encode([...state.keys].map(([epoch, key]) => [epoch, key]));
  }

  decodeState(bytes: Uint8Array): RsaFernetState {
    const keys = parseCbor(bytes, stateFields);
    if (!keys.ok) throw new Error(`the kept state of a group cannot be read: ${keys.reason}`);
    return { keys: new Map(keys.value) };
  }
}

interface KeyFor {
  readonly recipient: Recipient;
  readonly epoch: Epoch;
  readonly key: Uint8Array;
}

/** Bytes of a sealed message whose body has this many. */
export function rsaFernetPayloadBytes(bodyBytes: number): number {
  return fernetTokenBytes(bodyBytes + insideOverheadBytes);
}

function withKey(before: RsaFernetState | undefined, epoch: Epoch, key: Uint8Array): RsaFernetState {
  return { keys: new Map(before?.keys).set(epoch, key) };
}
