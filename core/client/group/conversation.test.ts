import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Identity } from "../../e2ee/identity.ts";
import { RsaFernet, type RsaFernetState } from "../../e2ee/rsa-fernet.ts";
import { inlineRsa } from "../../e2ee/rsa-inline.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { until } from "../../testing/until.ts";
import type { Epoch } from "../../wire/ids.ts";
import type { MembershipEntry } from "../../wire/membership-entry.ts";

/** Waits, where a test says so, before it takes the key of an epoch. */
class SlowKeys extends RsaFernet {
  takes: (epoch: Epoch) => Promise<unknown> = async () => {};

  constructor() {
    super(inlineRsa, () => 0);
  }

  override async followEpoch(self: Identity, state: RsaFernetState, entry: MembershipEntry, wrapped: Uint8Array) {
    await this.takes(entry.epoch);
    return super.followEpoch(self, state, entry, wrapped);
  }
}

suite("a conversation", () => {
  let deployment: TestDeployment;
  before(async () => {
    deployment = await deploy();
  });
  after(() => deployment.stop());

  const change = async (by: Person, ...what: Parameters<Person["client"]["changeGroup"]>) => {
    const changed = await by.client.changeGroup(...what);
    assert.ok(changed.ok, JSON.stringify(changed));
    return changed.value;
  };

  for (const [what, after] of [
    ["the key is changed once more", { action: "rekey" }],
    ["somebody leaves", { action: "leave" }],
  ] as const) {
    test(`a message gets through when ${what} between getting ready for it and sealing it`, async () => {
      const keys = new SlowKeys();
      const admin = await person(deployment.target, `admin-${after.action}`);
      const writer = await person(deployment.target, `writer-${after.action}`, { suites: [keys] });
      const other = await person(deployment.target, `other-${after.action}`);
      const group = await groupOf(admin, writer, other);
      assert.ok((await writer.say(group, "first")).ok);

      const { epoch } = await change(admin, group, { action: "rekey" });
      let isTaking = () => {};
      const taking = new Promise<void>((resolve) => {
        isTaking = resolve;
      });
      let goOn = () => {};
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      keys.takes = async (of) => {
        if (of !== epoch) return;
        isTaking();
        await held;
      };
      const said = writer.say(group, "second");
      await taking;
      const { feed } = writer.client.mailbox.groups.get(group) ?? assert.fail("the writer is in no group");
      const before = feed.next;
      await change(other, group, after);
      await until(() => feed.next > before, "the writer has been given the entry");
      goOn();

      const outcome = await said;
      assert.ok(outcome.ok, JSON.stringify(outcome));
      await until(() => admin.texts(group).includes("second"), "the admin reads the message");
      assert.deepEqual(admin.unreadable, []);
    });
  }
});
