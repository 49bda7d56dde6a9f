import assert from "node:assert/strict";
import { encode } from "cborg";
import { expensiveCbor, expensiveMaps } from "../fuzz/cbor-form.ts";
import { accountOf, bytesOf, fixedKey, fixture } from "../fuzz/fixture.ts";
import type { FuzzTarget } from "../fuzz/target.ts";
import { messageOf } from "../platform/failure.ts";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { present } from "../testing/present.ts";
import { equalBytes } from "../wire/bytes.ts";
import { clientMessageId, epoch, groupId, userId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import type { MembershipEntry } from "../wire/membership-entry.ts";
import { encodeContent } from "./content.ts";
import { fernetFromText, fernetOpen, fernetSeal, fernetText } from "./fernet.ts";
import { commitToKey } from "./key-wrap.ts";
import { signMessage } from "./message-seal.ts";
import { RsaFernet, type RsaFernetState } from "./rsa-fernet.ts";
import { inlineRsa } from "./rsa-inline.ts";
import type { Envelope } from "./suite.ts";

const [alice, bob] = [accountOf("alice").identity, accountOf("bob").identity] as const;
const nowSeconds = 1_700_000_000;
const suite = new RsaFernet(inlineRsa, () => nowSeconds);
const group = groupId(7);
const state: RsaFernetState = { keys: new Map([3, 4].map((at) => [epoch(at), fixedKey])) };
const envelope: Envelope = {
  type: 0,
  group,
  epoch: epoch(3),
  sender: userId(1),
  clientMessageId: clientMessageId(5n),
  logHead: Buffer.alloc(32, 9),
};

/** Always the same token for the same message: its vector is no secret here. */
const sealed = (message: Uint8Array) =>
  fernetSeal(fixedKey, message, { nowSeconds, dangerousFixedVector: Buffer.alloc(16, 1) });

const bodies = ["hello", "", "ß".repeat(100)].map((text) => encodeContent({ kind: "text", text }));
const genuine = bodies.map((body) => signMessage(envelope, body, alice.signingKey));
/** Of other groups, epochs, senders and types, or in Alice's name by another member: none may be taken for a genuine one. */
const foreign = [
  ...[{ group: groupId(8) }, { epoch: epoch(4) }, { sender: userId(2) }, { type: 2 as const }].map((other) =>
    signMessage({ ...envelope, ...other }, present(bodies[0]), alice.signingKey),
  ),
  signMessage(envelope, present(bodies[0]), bob.signingKey),
];
const titles = ["lunch", "ß"].map((title) => encode({ group, epoch: 3, title }));
const foreignTitles = [
  { group: 8, epoch: 3, title: "x" },
  { group, epoch: 4, title: "x" },
].map((title) => encode(title));

const keyCommitment = encode({ commitment: commitToKey(group, epoch(3), fixedKey) });
const entry: MembershipEntry = {
  group,
  index: 1,
  epoch: epoch(3),
  action: "rekey",
  actor: userId(1),
  actorFingerprint: alice.public.fingerprint,
  subjects: [],
  previous: Buffer.alloc(32),
  opening: keyCommitment,
};
/** Unwraps every key to the right one, without the millisecond that RSA takes. */
const keyAtHand = new RsaFernet({ ...inlineRsa, unwrap: async () => accepted(fixedKey) }, () => nowSeconds);

const contained = (bytes: Uint8Array, list: readonly Uint8Array[]) => list.some((known) => equalBytes(known, bytes));

/** Opens a payload in the genuine ones' envelope, and asserts that it is taken only if it is genuine. */
async function openedIf(isGenuine: boolean, payload: Uint8Array): Promise<Parsed<unknown, unknown>> {
  const opened = await suite.open(state, envelope, payload, alice.public);
  assert.equal(opened.ok, isGenuine, "a forged message was taken, or a genuine one refused");
  return opened;
}

function titleOf(bytes: Uint8Array): Parsed<unknown, unknown> {
  const title = suite.openTitle(state, group, epoch(3), bytes);
  return title.ok ? accepted("a title") : title;
}

export const targets: readonly FuzzTarget[] = [
  {
    name: "sealed-messages",
    bytesMax: limits.payloadBytesMax,
    seeds: () => [...genuine, ...foreign].map(sealed),
    run: (bytes) => openedIf(contained(bytes, genuine.map(sealed)), bytes),
    growth: { "a long token": (bytes) => sealed(Buffer.alloc(Math.max(0, bytes - 100))) },
  },
  {
    name: "message-insides",
    bytesMax: limits.payloadBytesMax,
    seeds: () => [...genuine, ...foreign],
    run: (bytes) => openedIf(contained(bytes, genuine), sealed(bytes)),
    growth: { "a long body": (bytes) => signMessage(envelope, Buffer.alloc(bytes), bob.signingKey) },
  },
  {
    name: "fernet-tokens",
    bytesMax: limits.payloadBytesMax,
    seeds: () => [...genuine, Buffer.from("short"), new Uint8Array(0)].map(sealed),
    run: (bytes) => fernetOpen(fixedKey, bytes, { nowSeconds: nowSeconds + 10, ttlSeconds: 60 }),
    growth: { "a long token": (bytes) => sealed(Buffer.alloc(Math.max(0, bytes - 100))) },
  },
  {
    name: "fernet-text",
    bytesMax: limits.payloadBytesMax,
    words: ["=", "==", "_", "-", "+", "A", "\n"],
    seeds: () => genuine.map((message) => Buffer.from(fernetText(sealed(message)))),
    run(bytes) {
      const token = fernetFromText(Buffer.from(bytes).toString("latin1"));
      if (!token.ok) return token;
      const again = fernetFromText(fernetText(token.value));
      assert.ok(again.ok && equalBytes(again.value, token.value), "written down again it is another token");
      return accepted("a token");
    },
    growth: {
      "a long text": (bytes) => Buffer.alloc(bytes - (bytes % 4), "A"),
      "padding only": (bytes) => Buffer.alloc(bytes, "="),
    },
  },
  {
    name: "sealed-titles",
    bytesMax: limits.entryBytesMax,
    seeds: () => [...titles, ...foreignTitles].map(sealed),
    run: (bytes) => titleOf(bytes),
  },
  {
    name: "title-insides",
    bytesMax: limits.entryBytesMax,
    cborFrom: 0,
    seeds: () => [...titles, ...foreignTitles],
    run: (bytes) => titleOf(sealed(bytes)),
    growth: expensiveMaps("title"),
  },
  {
    name: "suite-states",
    heapBytesPerByteMax: 1000,
    bytesMax: 64 * 1024,
    cborFrom: 0,
    seeds: () => [suite.encodeState(state), suite.encodeState({ keys: new Map() })],
    run(bytes) {
      let decoded: RsaFernetState;
      try {
        decoded = suite.decodeState(bytes);
      } catch (cause) {
        // The documented refusal of bytes that `encodeState` did not make.
        const message = messageOf(cause);
        if (message.startsWith("the kept state of a group cannot be read")) return refused(message);
        throw cause;
      }
      for (const [at, key] of decoded.keys) {
        assert.ok(suite.holds(decoded, at));
        fernetSeal(key, Buffer.from("with every key"), { nowSeconds });
      }
      assert.deepEqual(suite.decodeState(suite.encodeState(decoded)), decoded);
      return accepted("a state");
    },
    growth: {
      ...expensiveCbor,
      "many keys": (bytes) => {
        const count = Math.floor(bytes / 40);
        return suite.encodeState({ keys: new Map(Array.from({ length: count }, (_, i) => [epoch(i + 1), fixedKey])) });
      },
    },
  },
  {
    name: "wrapped-keys",
    bytesMax: 1024,
    seeds: () => fixture().wrappedKeys.map(bytesOf),
    async run(bytes) {
      const followed = await suite.followEpoch(alice, undefined, entry, bytes);
      if (followed.ok) assert.deepEqual([...followed.value.keys], [[3, fixedKey]]);
      return followed;
    },
  },
  {
    name: "key-commitments",
    bytesMax: limits.entryBytesMax,
    cborFrom: 0,
    seeds: () => [keyCommitment],
    run: (bytes) => keyAtHand.followEpoch(alice, state, { ...entry, opening: bytes }, fixedKey),
    growth: expensiveMaps("commitment"),
  },
];
