import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import type { Identity } from "../../e2ee/identity.ts";
import type { EpochChange } from "../../e2ee/suite.ts";
import { systemClock } from "../../platform/clock.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { HostileServer } from "../../testing/hostile-server.ts";
import { type LadderState, LadderSuite } from "../../testing/ladder-suite.ts";
import { groupOf, type Person, type PersonOptions, person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import { type GroupId, nextSeq, type Seq, seq } from "../../wire/ids.ts";
import { type MessageType, messageTypes } from "../../wire/send-frame.ts";
import { Vault } from "../vault/vault.ts";
import type { ConversationStep } from "./keeper.ts";

const { membership, handshake } = messageTypes;
const scratch = mkdtempSync(path.join(tmpdir(), "handshakes-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let files = 0;
const newFile = () => path.join(scratch, `vault-${files++}.db`);
const key = new Uint8Array(32).fill(7);

/** Waits, where a test says so, before it goes on with a change. */
class PausingSuite extends LadderSuite {
  prepares: () => Promise<unknown> = async () => {};
  begins: () => Promise<unknown> = async () => {};

  override async prepareEpoch(self: Identity, state: LadderState | undefined, change: EpochChange) {
    const prepared = await super.prepareEpoch(self, state, change);
    await this.prepares();
    return prepared;
  }

  override async beginEpoch(self: Identity, state: LadderState | undefined, change: EpochChange) {
    const begun = await super.beginEpoch(self, state, change);
    await this.begins();
    return begun;
  }
}

interface Member extends Person {
  readonly suite: PausingSuite;
  /** Every message of a group that came, by type, in order. */
  readonly types: Map<GroupId, MessageType[]>;
  /** Why the keeper could not write. */
  readonly notKept: string[];
}

/** A vault that calls these before and after it keeps a step. */
function watched(vault: Vault, steps: { before?(step: ConversationStep): void; after?(step: ConversationStep): void }) {
  return new Proxy(vault, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name === "keep") {
        return (group: GroupId, step: ConversationStep) => {
          steps.before?.(step);
          target.keep(group, step);
          steps.after?.(step);
        };
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

suite("a suite that needs handshake messages to change the epoch", () => {
  let deployment: TestDeployment;
  let names = 0;
  before(async () => {
    deployment = await deploy();
  });
  after(() => deployment.stop());

  async function member(
    role: string,
    options: PersonOptions & { vault?: Vault; target?: string } = {},
  ): Promise<Member> {
    const types = new Map<GroupId, MessageType[]>();
    const notKept: string[] = [];
    const suiteOf = new PausingSuite();
    const { vault, keeper = vault, target = deployment.target } = options;
    const made = await person(target, options.known ? role : `${role}${names++}`, {
      ...options,
      ...(keeper ? { keeper } : {}),
      suites: [suiteOf],
      events: {
        delivered: (group, { type }) => void types.set(group, [...(types.get(group) ?? []), type]),
        notKept: (_group, detail) => void notKept.push(detail),
      },
    });
    const { user } = made.client;
    assert.ok(user !== undefined);
    vault?.saveSession({ user, token: made.token });
    return { ...made, suite: suiteOf, types, notKept };
  }

  /** The same user again, with a vault that an earlier client of theirs has left. */
  const again = ({ name, identity }: Member, vault: Vault) => member(name, { known: identity, vault });

  const change = async (by: Member, group: GroupId, what: Parameters<Person["client"]["changeGroup"]>[1]) => {
    const changed = await by.client.changeGroup(group, what);
    assert.ok(changed.ok, JSON.stringify(changed));
    return changed.value;
  };

  /** The members write a message each, one after the other, and all read it. */
  async function allTalk(group: GroupId, ...members: readonly Member[]): Promise<void> {
    for (const speaker of members) {
      const text = `${speaker.name} ${names++}`;
      const said = await speaker.say(group, text);
      assert.ok(said.ok, JSON.stringify(said));
      for (const reader of members) {
        await until(
          () => reader.texts(group).at(-1) === text || reader.unreadable.length > 0,
          `${reader.name} has read ${text}`,
        );
        assert.deepEqual(reader.unreadable, [], reader.name);
      }
    }
  }

  test("has them before the entry that they lead to, and every member follows", async () => {
    const [alice, bob, carol, dave] = [
      await member("alice"),
      await member("bob"),
      await member("carol"),
      await member("dave"),
    ];
    const group = await groupOf(alice, bob, carol);
    await allTalk(group, alice, bob, carol);
    await change(alice, group, { action: "admit", names: [dave.name] });
    await until(() => dave.joined.has(group), "dave is in");
    await allTalk(group, alice, bob, carol, dave);
    await change(bob, group, { action: "rekey" });
    await allTalk(group, dave, bob, alice, carol);
    await change(alice, group, { action: "remove", names: [dave.name] });
    await allTalk(group, carol, bob, alice);
    // The epoch after this has no key, and its handshake messages are sent all the same.
    await change(carol, group, { action: "leave" });
    await allTalk(group, bob, alice);
    const seen = alice.types.get(group) ?? [];
    assert.deepEqual(bob.types.get(group)?.slice(-seen.length), seen);
    const noTalk = seen.filter((type) => type === membership || type === handshake);
    const led = [handshake, handshake, membership];
    assert.deepEqual(noTalk.slice(noTalk.indexOf(handshake)), [...led, ...led, ...led, membership, ...led]);
    assert.equal(alice.client.conversation(group).title, "a group");
  });

  for (const [what, stage] of [
    ["before their handshake messages are sent", "prepares"],
    ["when their handshake messages have come back already", "begins"],
  ] as const) {
    test(`lets one of two changes win, and the other be made from there: ${what}`, async () => {
      const [alice, bob, carol, dave] = [
        await member("alice"),
        await member("bob"),
        await member("carol"),
        await member("dave"),
      ];
      const group = await groupOf(alice, bob);
      await change(alice, group, { action: "promote", names: [bob.name] });
      let tries = 0;
      bob.suite[stage] = async () => {
        if (++tries === 1) await change(alice, group, { action: "admit", names: [carol.name] });
      };
      const after = await change(bob, group, { action: "admit", names: [dave.name] });
      assert.equal(tries, 2);
      assert.deepEqual([after.epoch, after.members.size], [3, 4]);
      await until(() => carol.joined.has(group) && dave.joined.has(group), "both are in");
      await allTalk(group, alice, bob, dave);
      assert.equal(
        alice.types.get(group)?.filter((type) => type === handshake).length,
        stage === "prepares" ? 4 : 6,
        "new ones for the second try",
      );
    });
  }

  test("lets changes at the same moment all be made, whoever comes first", async () => {
    const members = [await member("alice"), await member("bob"), await member("carol")] as const;
    const group = await groupOf(...members);
    const guests = [await member("dave"), await member("erin"), await member("fred")] as const;
    const names = members.slice(1).map(({ name }) => name);
    await change(members[0], group, { action: "promote", names });
    await Promise.all(
      members.map((by, i) => change(by, group, { action: "admit", names: [present(guests[i]?.name)] })),
    );
    assert.ok(members.every(({ client }) => present(client.conversation(group).membership?.epoch) > 1));
    await allTalk(group, ...members);
  });

  test("reports a handshake message that a server repeats with another seq, and goes on", async () => {
    const hostile = await HostileServer.inFrontOf(deployment.cluster.url);
    const alice = await member("alice");
    const bob = await member("bob", { target: hostile.target });
    const group = await groupOf(alice, bob);
    await allTalk(group, alice, bob);
    // After the entry, two messages and the first handshake message, everything is shown one seq later.
    const repeatedAt = seq(5);
    const later = (at: Seq) => (at >= repeatedAt ? nextSeq(at) : at);
    hostile.messages = (messages) =>
      messages.flatMap((message) => {
        const shown = { ...message, seq: later(message.seq) };
        return message.seq === repeatedAt - 1 ? [shown, { ...shown, seq: repeatedAt }] : [shown];
      });
    hostile.onReply("log", (log) => ({
      ...log,
      entries: log.entries.map((entry) => ({ ...entry, seq: later(entry.seq) })),
    }));
    await change(alice, group, { action: "rekey" });
    assert.ok((await alice.say(group, "under the next key")).ok);
    await until(() => bob.texts(group).at(-1) === "under the next key", "bob reads on");
    assert.deepEqual(
      bob.unreadable.map(({ seq: at, fault }) => ({ seq: at, fault })),
      [{ seq: repeatedAt, fault: "unexpected_handshake" }],
    );
  });

  test("lets a member who was away read everything in order, and write and change at once", async () => {
    const [alice, bob, carol] = [await member("alice"), await member("bob"), await member("carol")];
    const group = await groupOf(alice, bob, carol);
    await allTalk(group, alice, bob, carol);
    for (const action of ["say", "change"] as const) {
      carol.client.mailbox.goOffline();
      const texts: string[] = [];
      for (const by of [alice, bob, alice, bob]) {
        await change(by, group, { action: "rekey" });
        texts.push(`${action} ${texts.length}`);
        assert.ok((await by.say(group, present(texts.at(-1)))).ok);
      }
      // No message is written in this epoch, so only the entry shows that it began.
      await change(alice, group, { action: "rekey" });
      carol.client.mailbox.goOnline();
      await until(() => carol.client.mailbox.state === "online", "carol is back");
      if (action === "change") await change(carol, group, { action: "rekey" });
      await allTalk(group, carol, alice, bob);
      assert.deepEqual(carol.texts(group).slice(-7, -3), texts);
    }
  });

  test("goes on from the vault wherever its client died: the kept state and cursor are of one moment", async () => {
    const alice = await member("alice");
    const file = newFile();
    const copies: { file: string; step: string }[] = [];
    const vault = Vault.open(file, key, systemClock);
    const keeper = watched(vault, {
      after(step) {
        const copy = newFile();
        for (const part of ["", "-wal"]) if (existsSync(file + part)) copyFileSync(file + part, copy + part);
        copies.push({ file: copy, step: Object.keys(step).join(" ") });
      },
    });
    const bob = await member("bob", { vault, keeper });
    const group = await groupOf(alice, bob);
    await allTalk(group, alice, bob);
    await change(alice, group, { action: "rekey" });
    await allTalk(group, alice, bob);
    await change(alice, group, { action: "rekey" });
    await change(alice, group, { action: "promote", names: [bob.name] });
    await change(alice, group, { action: "rekey" });
    await allTalk(group, bob, alice);
    await bob.client.close();
    vault.close();
    assert.ok(
      copies.some(({ step }) => step.startsWith("cursor suiteState")),
      "a handshake message of its own step",
    );
    assert.ok(copies.length > 12, `${copies.length} moments`);
    for (const { file: copy, step } of copies) {
      const kept = Vault.open(copy, key, systemClock);
      const bobAgain = await again(bob, kept);
      const text = `after ${step} ${names++}`;
      const said = await bobAgain.say(group, text);
      assert.ok(said.ok, `${step}: ${JSON.stringify(said)}`);
      await until(() => alice.texts(group).at(-1) === text, `alice reads what bob says after ${step}`);
      await until(() => bobAgain.texts(group).at(-1) === text, `bob has read everything after ${step}`);
      assert.deepEqual(bobAgain.unreadable, [], step);
      await bobAgain.client.close();
      kept.close();
    }
    assert.deepEqual(alice.unreadable, []);
  });

  /** Two members who have talked; from then on, bob's vault fails at this step. */
  async function brokenAt(step: number, why: string) {
    const alice = await member("alice");
    const file = newFile();
    const vault = Vault.open(file, key, systemClock);
    let steps = Number.NEGATIVE_INFINITY;
    const keeper = watched(vault, {
      before() {
        if (++steps === step) throw new Error(why);
      },
    });
    const bob = await member("bob", { vault, keeper });
    const group = await groupOf(alice, bob);
    await allTalk(group, alice, bob);
    steps = 0;
    return { alice, bob, group, file, vault };
  }

  test("goes on from the vault when its client died in the middle of a change of its own", async () => {
    const made: boolean[] = [];
    // The steps are: the prepared state, the two handshake messages, the entry.
    for (const diedAt of [1, 2, 3, 4]) {
      const { alice, bob, group, file, vault } = await brokenAt(diedAt, "the power fails");
      await assert.rejects(async () => change(bob, group, { action: "rekey" }));
      await bob.client.close();
      vault.close();
      const kept = Vault.open(file, key, systemClock);
      const bobAgain = await again(bob, kept);
      await allTalk(group, bobAgain, alice);
      made.push(bobAgain.client.conversation(group).membership?.epoch === 2);
      await change(bobAgain, group, { action: "rekey" });
      await allTalk(group, bobAgain, alice);
      await bobAgain.client.close();
      kept.close();
    }
    assert.deepEqual(made, [false, false, false, true]);
  });

  test("takes in nothing more once the disk refuses a step, and all of it in the next run", async () => {
    for (const refusedAt of [1, 2, 3, 4, 5, 6, 7]) {
      const { alice, bob, group, file, vault } = await brokenAt(refusedAt, "no space left on the disk");
      await change(alice, group, { action: "rekey" });
      assert.ok((await alice.say(group, "one")).ok);
      await change(alice, group, { action: "rekey" });
      assert.ok((await alice.say(group, "two")).ok);
      await until(() => bob.notKept.length === 1, "bob's client has reported it");
      assert.deepEqual(bob.notKept, ["no space left on the disk"]);
      assert.deepEqual(bob.unreadable, []);
      await bob.client.close();
      const before = bob.texts(group);
      vault.close();
      const kept = Vault.open(file, key, systemClock);
      const bobAgain = await again(bob, kept);
      await until(() => bobAgain.texts(group).at(-1) === "two", "bob reads on");
      assert.deepEqual([...before, ...bobAgain.texts(group)].slice(-2), ["one", "two"], `refused at step ${refusedAt}`);
      await change(bobAgain, group, { action: "rekey" });
      await allTalk(group, bobAgain, alice);
      await bobAgain.client.close();
      kept.close();
    }
  });
});
