import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before } from "node:test";
import { wordsOf } from "../../../e2ee/content.ts";
import * as opaque from "../../../e2ee/opaque-client.ts";
import { inlineRsa } from "../../../e2ee/rsa-inline.ts";
import { systemClock } from "../../../platform/clock.ts";
import { seededRandom } from "../../../platform/random.ts";
import { deploy, type TestDeployment } from "../../../testing/deployment.ts";
import { keyPair } from "../../../testing/key-pairs.ts";
import { present } from "../../../testing/present.ts";
import { until } from "../../../testing/until.ts";
import type { GroupId } from "../../../wire/ids.ts";
import type { ClientEvents } from "../../client.ts";
import type { SendOutcome } from "../../mail/outgoing-message.ts";
import { openLeanSocket } from "../../socket/lean-socket.ts";
import type { LocalAccountParts } from "../account-parts.ts";
import type { LocalAccount } from "../local-account.ts";
import { logInHere, signUpHere } from "../new-account.ts";
import { Profiles } from "../profile.ts";

const keyPairs = await Promise.all([0, 1, 2].map(keyPair));
const scratch = mkdtempSync(path.join(tmpdir(), "machines-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let machines = 0;
let users = 0;

export function machine(open = openLeanSocket): LocalAccountParts {
  const profiles = new Profiles(path.join(scratch, `machine${machines++}`));
  const random = seededRandom(machines);
  const keys = present(keyPairs[machines % keyPairs.length]);
  const crypto = { ...opaque, ...inlineRsa, generateKeys: async () => keys };
  return { profiles, crypto, open, clock: systemClock, random, effort: "simulated" };
}

/** People with accounts at machines of their own, at a deployment that lasts as long as the suite that calls this. */
export function peopleAtMachines() {
  let deployment: TestDeployment | undefined;
  const accounts = new Set<LocalAccount>();
  before(async () => {
    deployment = await deploy({ servers: 2 });
  });
  after(async () => {
    await Promise.all([...accounts].map((account) => account.close()));
    await deployment?.stop();
  });

  const addressOf = (user: string) => ({ profile: user, server: present(deployment).target, trust: {}, user });
  const closed = async (account: LocalAccount) => {
    accounts.delete(account);
    await account.close();
  };
  async function online(account: LocalAccount): Promise<LocalAccount> {
    accounts.add(account);
    await account.connect("password");
    return account;
  }
  const signedUp = async (parts = machine(), events: ClientEvents = {}) =>
    online(await signUpHere(addressOf(`user${users++}`), "password", parts, events));
  const atAnother = async (account: LocalAccount, events: ClientEvents = {}) =>
    online(await logInHere(addressOf(account.name), "password", machine(), events));

  async function groupOf(founder: LocalAccount, ...others: LocalAccount[]): Promise<GroupId> {
    const made = await founder.client.createGroup({ title: "a title", members: others.map(({ name }) => name) });
    assert.ok(made.ok);
    const { group } = made.value;
    await until(() => others.every(({ client }) => client.mailbox.groups.has(group)), "all are members");
    return group;
  }
  const say = (account: LocalAccount, group: GroupId, text: string) =>
    new Promise<SendOutcome>((resolve) => {
      assert.ok(account.client.send(group, { kind: "text", text }, resolve).ok);
    });
  async function sayAll(account: LocalAccount, group: GroupId, count: number, text: string): Promise<void> {
    const said = await Promise.all(Array.from({ length: count }, (_, i) => say(account, group, `${text} ${i}`)));
    assert.ok(said.every(({ ok }) => ok));
  }
  const texts = ({ vault }: LocalAccount, group: GroupId) =>
    vault.view.last(group, 10_000).map(({ content }) => (content ? wordsOf(content) : undefined));
  const shown = ({ vault }: LocalAccount, group: GroupId) =>
    present(vault.view.groups().find((of) => of.group === group));
  const changesOf = ({ client }: LocalAccount, group: GroupId) => client.conversation(group).changes;
  return {
    get deployment(): TestDeployment {
      return present(deployment);
    },
    accounts,
    addressOf,
    closed,
    online,
    signedUp,
    atAnother,
    groupOf,
    say,
    sayAll,
    texts,
    shown,
    changesOf,
  };
}
