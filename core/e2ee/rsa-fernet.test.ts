import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, suite, test } from "node:test";
import { encode } from "cborg";
import fc from "fast-check";
import { keyPair } from "../testing/key-pairs.ts";
import { present } from "../testing/present.ts";
import { clientMessageId, type Epoch, epoch, type GroupId, groupId, type UserId, userId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import type { MembershipEntry } from "../wire/membership-entry.ts";
import { messageTypes } from "../wire/send-frame.ts";
import { fernetFromText, fernetOpen, fernetSeal, fernetText } from "./fernet.ts";
import { createIdentity, type Identity } from "./identity.ts";
import { commitToKey, wrapKey } from "./key-wrap.ts";
import { insideHeaderBytes, signMessage } from "./message-seal.ts";
import { RsaFernet, type RsaFernetState, rsaFernetPayloadBytes } from "./rsa-fernet.ts";
import { inlineRsa } from "./rsa-inline.ts";
import type { Envelope, NewEpoch, Recipient, WrappedKey } from "./suite.ts";

const group = groupId(7);
const otherGroup = groupId(8);

suite("rsa-fernet", () => {
  const suiteOfTest = new RsaFernet(inlineRsa, () => 1_700_000_000);
  let alice: Identity;
  let bob: Identity;
  let mallory: Identity;
  const users = { alice: userId(1), bob: userId(2), mallory: userId(3) };

  before(async () => {
    alice = createIdentity("alice", await keyPair(0));
    bob = createIdentity("bob", await keyPair(1));
    mallory = createIdentity("mallory", await keyPair(2));
  });

  const recipient = (user: UserId, identity: Identity): Recipient => ({ user, identity: identity.public });

  function beginEpoch(
    at: Epoch,
    members: readonly Recipient[],
    state?: RsaFernetState,
    of: { group?: GroupId; readBack?: readonly Recipient[] } = {},
  ) {
    return suiteOfTest.beginEpoch(alice, state, {
      group: of.group ?? group,
      epoch: at,
      members,
      readBack: of.readBack ?? [],
    });
  }

  const everybody = () => [recipient(users.alice, alice), recipient(users.bob, bob)];

  const entryOf = (begun: NewEpoch<RsaFernetState>, at: Epoch, of: GroupId = group): MembershipEntry => ({
    group: of,
    index: at - 1,
    epoch: at,
    action: "rekey",
    actor: users.alice,
    actorFingerprint: alice.public.fingerprint,
    subjects: [],
    previous: Buffer.alloc(32),
    opening: begun.keyCommitment,
  });

  const hasKeyFor =
    (user: UserId, at: Epoch) =>
    (key: WrappedKey): boolean =>
      key.user === user && key.epoch === at;
  const keyFor = (begun: NewEpoch<RsaFernetState>, user: UserId, at: Epoch) =>
    present(begun.keys.find(hasKeyFor(user, at))).wrapped;

  /** Bob's state after he has followed an epoch that Alice began. */
  async function followed(begun: NewEpoch<RsaFernetState>, at: Epoch, state?: RsaFernetState): Promise<RsaFernetState> {
    const result = await suiteOfTest.followEpoch(bob, state, entryOf(begun, at), keyFor(begun, users.bob, at));
    assert.ok(result.ok, JSON.stringify(result));
    return result.value;
  }

  const envelope = (of: Partial<Envelope> = {}): Envelope => ({
    type: messageTypes.application,
    group,
    epoch: epoch(1),
    sender: users.alice,
    clientMessageId: clientMessageId(77n),
    logHead: Buffer.alloc(32, 9),
    ...of,
  });

  async function sealed(
    state: RsaFernetState,
    body: string,
    of: Partial<Envelope> = {},
    by = alice,
  ): Promise<Uint8Array> {
    const result = await suiteOfTest.seal(by, state, envelope(of), Buffer.from(body));
    assert.ok(result.ok);
    return result.value.payload;
  }

  async function faultOf(
    state: RsaFernetState,
    payload: Uint8Array,
    of: Partial<Envelope> = {},
    from = alice,
  ): Promise<string> {
    const opened = await suiteOfTest.open(state, envelope(of), payload, from.public);
    return opened.ok ? "opened" : opened.reason;
  }

  test("a member opens what another sealed, and learns which log the sender had seen", async () => {
    const opened = await beginEpoch(epoch(1), everybody());
    const bobs = await followed(opened, epoch(1));
    const payload = await sealed(opened.state, "hello");
    const message = await suiteOfTest.open(bobs, envelope(), payload, alice.public);
    assert.ok(message.ok);
    assert.equal(Buffer.from(message.value.body).toString(), "hello");
    assert.deepEqual(Buffer.from(message.value.logHead), Buffer.alloc(32, 9));
    assert.equal(payload.length, rsaFernetPayloadBytes(5));
  });

  test("a title that is not one line with something to see in it does not open", async () => {
    const { state } = await beginEpoch(epoch(1), everybody());
    for (const [title, opens] of [
      ["one line", true],
      ["two\nlines", false],
      [" ", false],
      ["x".repeat(201), false],
    ] as const) {
      const opened = suiteOfTest.openTitle(
        state,
        group,
        epoch(1),
        suiteOfTest.sealTitle(state, group, epoch(1), title),
      );
      assert.deepEqual(opened, opens ? { ok: true, value: title } : { ok: false, reason: "malformed" });
    }
  });

  test("the payload is a Fernet token that opens with the epoch's key", async () => {
    const { state } = await beginEpoch(epoch(1), everybody());
    const key = present(state.keys.get(epoch(1)));
    const token = fernetFromText(fernetText(await sealed(state, "hello")));
    assert.ok(token.ok && fernetOpen(key, token.value, { nowSeconds: 1_700_000_010, ttlSeconds: 60 }).ok);
  });

  test("each field of the envelope that does not match the inside is refused with a fault of its own", async () => {
    const opened = await beginEpoch(epoch(1), everybody());
    // Both epochs have the same key here, since only a message under the same key can be pasted.
    const key = present(opened.state.keys.get(epoch(1)));
    const state: RsaFernetState = {
      keys: new Map([
        [epoch(1), key],
        [epoch(2), key],
      ]),
    };
    const payload = await sealed(state, "hello");
    assert.equal(await faultOf(state, payload, { type: messageTypes.handshake }), "wrong_type");
    assert.equal(await faultOf(state, payload, { group: otherGroup }), "wrong_group");
    assert.equal(await faultOf(state, payload, { epoch: epoch(2) }), "wrong_epoch");
    assert.equal(await faultOf(state, payload, { sender: users.bob }), "wrong_sender");
    assert.equal(await faultOf(state, payload, { clientMessageId: clientMessageId(78n) }), "wrong_message_id");
    assert.equal(await faultOf(state, payload, { epoch: epoch(3) }), "unknown_epoch");
    assert.equal(await faultOf(state, payload), "opened");
  });

  test("a member cannot write in another member's name", async () => {
    const opened = await beginEpoch(epoch(1), everybody());
    const bobs = await followed(opened, epoch(1));
    // Bob has the key and says that he is Alice: the signature is his.
    const forged = await sealed(bobs, "I, Alice, owe Bob", {}, bob);
    assert.equal(await faultOf(opened.state, forged), "bad_signature");
    // Bob repeats what Alice has signed with another body.
    const key = present(bobs.keys.get(epoch(1)));
    const inside = fernetOpen(key, await sealed(opened.state, "yes"));
    assert.ok(inside.ok);
    const changed = Buffer.from(inside.value);
    changed[insideHeaderBytes] = "n".charCodeAt(0);
    assert.equal(await faultOf(opened.state, fernetSeal(key, changed, { nowSeconds: 0 })), "bad_signature");
  });

  test("the signature covers the log's head", async () => {
    const opened = await beginEpoch(epoch(1), everybody());
    const key = present(opened.state.keys.get(epoch(1)));
    const inside = Buffer.from(signMessage(envelope(), Buffer.from("hello"), alice.signingKey));
    inside.fill(1, 30, 62);
    assert.equal(await faultOf(opened.state, fernetSeal(key, inside, { nowSeconds: 0 })), "bad_signature");
  });

  test("a payload that is cut, changed or under another key is refused, and nothing throws", async () => {
    const opened = await beginEpoch(epoch(1), everybody());
    const stranger = await beginEpoch(epoch(1), everybody());
    const payload = await sealed(opened.state, "hello");
    assert.equal(await faultOf(stranger.state, payload), "wrong_key");
    for (let at = 0; at < payload.length; at += 3) {
      const changed = Buffer.from(payload);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      assert.ok(["wrong_key", "malformed"].includes(await faultOf(opened.state, changed)), `changed at ${at}`);
      assert.ok(
        ["wrong_key", "malformed"].includes(await faultOf(opened.state, payload.subarray(0, at))),
        `cut at ${at}`,
      );
    }
    const key = present(opened.state.keys.get(epoch(1)));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        assert.notEqual(await faultOf(opened.state, noise), "opened");
        assert.notEqual(await faultOf(opened.state, fernetSeal(key, noise, { nowSeconds: 0 })), "opened");
      }),
    );
  });

  test("a wrapped key of another recipient, epoch or group, or an old one, is refused", async () => {
    const first = await beginEpoch(epoch(1), everybody());
    const second = await beginEpoch(epoch(2), everybody(), first.state);
    const elsewhere = await beginEpoch(epoch(2), everybody(), undefined, { group: otherGroup });
    const entry = entryOf(second, epoch(2));
    for (const [what, wrapped] of [
      ["Alice's", keyFor(second, users.alice, epoch(2))],
      ["the last epoch's", keyFor(first, users.bob, epoch(1))],
      ["another group's", keyFor(elsewhere, users.bob, epoch(2))],
      ["noise", Buffer.alloc(384, 1)],
      ["nothing", new Uint8Array(0)],
    ] as const) {
      const result = await suiteOfTest.followEpoch(bob, undefined, entry, wrapped);
      assert.equal(!result.ok && result.reason, "wrong_wrapped_key", what);
    }
  });

  test("a key that the entry does not commit to is refused, whoever wrapped it", async () => {
    const real = await beginEpoch(epoch(1), everybody());
    const swapped = await beginEpoch(epoch(1), everybody());
    const result = await suiteOfTest.followEpoch(
      bob,
      undefined,
      entryOf(real, epoch(1)),
      keyFor(swapped, users.bob, epoch(1)),
    );
    assert.equal(!result.ok && result.reason, "wrong_wrapped_key");
    for (const opening of [new Uint8Array(0), Buffer.from([0xa0]), Buffer.from("noise")]) {
      const entry = { ...entryOf(real, epoch(1)), opening };
      const refused = await suiteOfTest.followEpoch(bob, undefined, entry, keyFor(real, users.bob, epoch(1)));
      assert.equal(!refused.ok && refused.reason, "malformed");
    }
  });

  test("a removed member's old keys are useless once the next epoch has begun", async () => {
    const first = await beginEpoch(epoch(1), everybody());
    const bobs = await followed(first, epoch(1));
    const second = await beginEpoch(epoch(2), [recipient(users.alice, alice)], first.state);
    assert.equal(second.keys.some(hasKeyFor(users.bob, epoch(2))), false);
    const payload = await sealed(second.state, "without Bob", { epoch: epoch(2) });
    assert.equal(await faultOf(bobs, payload, { epoch: epoch(2) }), "unknown_epoch");
    const old = present(bobs.keys.get(epoch(1)));
    assert.equal(await faultOf({ keys: new Map([[epoch(2), old]]) }, payload, { epoch: epoch(2) }), "wrong_key");
  });

  test("a stolen epoch key opens all of its epoch, and nothing once somebody has rekeyed", async () => {
    const first = await beginEpoch(epoch(1), everybody());
    const before = await sealed(first.state, "before the theft");
    const stolen: RsaFernetState = { keys: new Map(first.state.keys) };
    const after = await sealed(first.state, "after it");
    const second = await beginEpoch(epoch(2), everybody(), first.state);
    const healed = await sealed(second.state, "after the rekey", { epoch: epoch(2) });
    assert.equal(await faultOf(stolen, before), "opened");
    assert.equal(await faultOf(stolen, after), "opened");
    assert.equal(await faultOf(stolen, healed, { epoch: epoch(2) }), "unknown_epoch");
    assert.deepEqual(fernetOpen(present(stolen.keys.get(epoch(1))), healed), { ok: false, reason: "wrong_key" });
  });

  test("a stolen identity opens every epoch that was wrapped for it, before the theft and after a rekey", async () => {
    const first = await beginEpoch(epoch(1), everybody());
    const second = await beginEpoch(epoch(2), everybody(), first.state);
    // All that the thief has are Bob's private keys and what the server keeps.
    const stolen = await followed(second, epoch(2), await followed(first, epoch(1)));
    assert.equal(await faultOf(stolen, await sealed(first.state, "old")), "opened");
    const later = await sealed(second.state, "new", { epoch: epoch(2) });
    assert.equal(await faultOf(stolen, later, { epoch: epoch(2) }), "opened");
  });

  test("a newcomer gets the old keys when the group says so, and otherwise none", async () => {
    const first = await beginEpoch(epoch(1), [recipient(users.alice, alice)]);
    const newcomer = recipient(users.mallory, mallory);
    const closed = await beginEpoch(epoch(2), [...everybody(), newcomer], first.state);
    assert.equal(closed.keys.some(hasKeyFor(users.mallory, epoch(1))), false);
    const open = await beginEpoch(epoch(2), [...everybody(), newcomer], first.state, { readBack: [newcomer] });
    assert.ok(open.keys.some(hasKeyFor(users.mallory, epoch(1))));
    assert.equal(open.keys.some(hasKeyFor(users.bob, epoch(1))), false);
  });

  test("a title opens under its group and epoch alone", async () => {
    const { state } = await beginEpoch(epoch(1), everybody());
    const key = present(state.keys.get(epoch(1)));
    const both: RsaFernetState = {
      keys: new Map([
        [epoch(1), key],
        [epoch(2), key],
      ]),
    };
    const title = suiteOfTest.sealTitle(both, group, epoch(1), "climbing");
    assert.deepEqual(suiteOfTest.openTitle(both, group, epoch(1), title), { ok: true, value: "climbing" });
    assert.deepEqual(suiteOfTest.openTitle(both, otherGroup, epoch(1), title), { ok: false, reason: "wrong_group" });
    assert.deepEqual(suiteOfTest.openTitle(both, group, epoch(2), title), { ok: false, reason: "wrong_epoch" });
    assert.deepEqual(suiteOfTest.openTitle({ keys: new Map() }, group, epoch(1), title), {
      ok: false,
      reason: "unknown_epoch",
    });
  });

  test("a newcomer who may read back gets the keys of as many of the latest epochs as a change may bring", async () => {
    const { state } = await beginEpoch(epoch(1), everybody());
    const key = present(state.keys.get(epoch(1)));
    const long: RsaFernetState = { keys: new Map(Array.from({ length: 2500 }, (_, at) => [epoch(at + 1), key])) };
    const readBack = [recipient(users.mallory, mallory)];
    const { keys } = await beginEpoch(epoch(2501), [...everybody(), ...readBack], long, { readBack });
    assert.equal(keys.length, limits.stagedKeysMax);
    const epochs = keys.filter(({ user }) => user === users.mallory).map((of) => of.epoch);
    assert.deepEqual([Math.max(...epochs), Math.min(...epochs)], [2501, 2501 - (limits.stagedKeysMax - 3)]);
  });

  test("a state comes back from bytes", async () => {
    const first = await beginEpoch(epoch(1), everybody());
    const { state } = await beginEpoch(epoch(2), everybody(), first.state);
    const back = suiteOfTest.decodeState(suiteOfTest.encodeState(state));
    assert.equal(await faultOf(back, await sealed(state, "hello")), "opened");
    assert.equal(await faultOf(back, await sealed(state, "hello", { epoch: epoch(2) }), { epoch: epoch(2) }), "opened");
    assert.deepEqual(
      [suiteOfTest.holds(back, epoch(2)), suiteOfTest.holds(back, epoch(3)), suiteOfTest.holds(undefined, epoch(1))],
      [true, false, false],
    );
  });

  test("two newcomers who may read back share what a change may bring", async () => {
    const { state } = await beginEpoch(epoch(1), everybody());
    const key = present(state.keys.get(epoch(1)));
    const long: RsaFernetState = { keys: new Map(Array.from({ length: 2500 }, (_, at) => [epoch(at + 1), key])) };
    const readBack = [recipient(users.mallory, mallory), recipient(userId(4), bob)];
    // Wrapping is not what is tested: 2,048 keys would take a while.
    const counting = { ...inlineRsa, wrap: async (jobs: readonly unknown[]) => jobs.map(() => Buffer.alloc(1)) };
    const { keys } = await new RsaFernet(counting, () => 0).beginEpoch(alice, long, {
      ...{ group, epoch: epoch(2501), members: [...everybody(), ...readBack], readBack },
    });
    for (const { user } of readBack) assert.equal(keys.filter((of) => of.user === user).length, 1 + 1022);
    assert.equal(keys.length, limits.stagedKeysMax);
  });

  test("an epoch does not begin with fewer wrapped keys than members", async () => {
    const lossy = { ...inlineRsa, wrap: async () => [Buffer.alloc(384)] };
    const begun = new RsaFernet(lossy, () => 0).beginEpoch(alice, undefined, {
      ...{ group, epoch: epoch(1), members: everybody(), readBack: [] },
    });
    await assert.rejects(begun, /2 keys were to be wrapped, and 1 were/);
  });

  test("an entry without a key commitment, and a key that is none of Fernet's, are refused", async () => {
    const begun = await beginEpoch(epoch(1), everybody());
    const { opening: _, ...bare } = entryOf(begun, epoch(1));
    const wrapped = keyFor(begun, users.bob, epoch(1));
    assert.deepEqual(await suiteOfTest.followEpoch(bob, undefined, bare, wrapped), { ok: false, reason: "malformed" });
    const short = Buffer.alloc(31, 1);
    const context = { group, epoch: epoch(1), recipientFingerprint: bob.public.fingerprint };
    const entry = {
      ...bare,
      opening: encode({ commitment: commitToKey(group, epoch(1), short) }),
    };
    assert.deepEqual(
      await suiteOfTest.followEpoch(
        bob,
        undefined,
        entry,
        wrapKey({ ...context, publicKey: bob.public.wrapping, key: short }),
      ),
      { ok: false, reason: "wrong_wrapped_key" },
    );
  });

  test("there are no handshake messages, and none is expected", async () => {
    const { state } = await beginEpoch(epoch(1), everybody());
    assert.deepEqual(await suiteOfTest.prepareEpoch(alice, state), { ok: true, value: { state, handshakes: [] } });
    assert.deepEqual(await suiteOfTest.receiveHandshake(), { ok: false, reason: "unexpected_handshake" });
  });

  test("the inside of a message has its version, and room for header and signature", async () => {
    const { state } = await beginEpoch(epoch(1), everybody());
    const key = present(state.keys.get(epoch(1)));
    const inside = signMessage(envelope(), new Uint8Array(0), alice.signingKey);
    const fault = (of: Uint8Array) => faultOf(state, fernetSeal(key, of, { nowSeconds: 0 }));
    assert.equal(await fault(inside), "opened");
    assert.equal(await fault(inside.subarray(0, -1)), "malformed");
    const later = Buffer.from(inside);
    later[0] = 2;
    assert.equal(await fault(later), "malformed");
  });

  /** A token under this key whose padding is wrong, although its MAC is right. */
  function badlyPadded(key: Uint8Array): Uint8Array {
    const token = Buffer.from(fernetSeal(key, Buffer.alloc(40), { nowSeconds: 0 }));
    token.writeUInt8(token.readUInt8(token.length - 33) ^ 0x55, token.length - 33);
    createHmac("sha256", key.subarray(0, 16))
      .update(token.subarray(0, -32))
      .digest()
      .copy(token, token.length - 32);
    return token;
  }

  test("a token whose padding is wrong is malformed, whether a message or a title", async () => {
    const { state } = await beginEpoch(epoch(1), everybody());
    const token = badlyPadded(present(state.keys.get(epoch(1))));
    assert.equal(await faultOf(state, token), "malformed");
    assert.deepEqual(suiteOfTest.openTitle(state, group, epoch(1), token), { ok: false, reason: "malformed" });
  });

  test("a title under another key, or of another form, is refused with a fault of its own", async () => {
    const [{ state }, stranger] = [await beginEpoch(epoch(1), everybody()), await beginEpoch(epoch(1), everybody())];
    const fault = (sealed: Uint8Array) => suiteOfTest.openTitle(state, group, epoch(1), sealed);
    const foreign = suiteOfTest.sealTitle(stranger.state, group, epoch(1), "climbing");
    assert.deepEqual(fault(foreign), { ok: false, reason: "wrong_key" });
    const message = fernetSeal(present(state.keys.get(epoch(1))), Buffer.from("no title"), { nowSeconds: 0 });
    assert.deepEqual(fault(message), { ok: false, reason: "malformed" });
    assert.throws(() => suiteOfTest.sealTitle(state, group, epoch(2), "climbing"), {
      message: "no key for epoch 2 of group 7",
    });
  });

  test("a state with a key that is none of Fernet's is not read", () => {
    const state = (length: number) => suiteOfTest.encodeState({ keys: new Map([[epoch(1), Buffer.alloc(length)]]) });
    assert.ok(suiteOfTest.holds(suiteOfTest.decodeState(state(32)), epoch(1)));
    for (const length of [31, 33]) {
      assert.throws(
        () => suiteOfTest.decodeState(state(length)),
        /^Error: the kept state of a group cannot be read: [^]*32 bytes are needed/,
      );
    }
  });
});
