import assert from "node:assert/strict";
import { after, test } from "node:test";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../store/database.ts";
import { deploy } from "../../testing/deployment.ts";
import { person } from "../../testing/person.ts";
import { until } from "../../testing/until.ts";

const deployment = await deploy();
after(() => deployment.stop());

/** The epochs whose keys a newcomer is given by whoever admits them, as the database has them. */
async function epochsGiven(history: boolean): Promise<number[]> {
  const [alice, bob] = [
    await person(deployment.target, `alice${history}`),
    await person(deployment.target, `bob${history}`),
  ];
  const made = await alice.client.createGroup({ title: "a group", members: [], history });
  assert.ok(made.ok);
  const { group } = made.value;
  assert.ok((await alice.client.changeGroup(group, { action: "rekey" })).ok);
  assert.ok((await alice.client.changeGroup(group, { action: "admit", names: [bob.name] })).ok);
  await until(() => bob.joined.has(group), "bob is in");
  const database = new Database(deployment.databaseUrl, { connectionsMax: 1, log: silentLog });
  const rows = await database.query<{ epoch: number }>({
    text: `SELECT epoch FROM wrapped_keys k JOIN users u ON u.id = k.user_id
           WHERE k.group_id = $1 AND u.name = $2 ORDER BY epoch`,
    values: [group, bob.name],
  });
  await database.close();
  return rows.map(({ epoch }) => epoch);
}

test("a newcomer gets the keys of earlier epochs in a group that was founded so, and in no other", async () => {
  assert.deepEqual(await epochsGiven(false), [3]);
  assert.deepEqual(await epochsGiven(true), [1, 2, 3]);
});
