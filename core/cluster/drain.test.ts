import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../platform/log.ts";
import { Database } from "../store/database.ts";
import { deploy } from "../testing/deployment.ts";
import { groupOf, person } from "../testing/person.ts";
import { RawClient } from "../testing/raw-client.ts";
import { transportsHere } from "../testing/transports-here.ts";
import { until } from "../testing/until.ts";
import { clientMessageId, firstEpoch, groupId } from "../wire/ids.ts";
import { encodeSend, messageTypes } from "../wire/send-frame.ts";

for (const transport of transportsHere) {
  test(`a server that stops asks its clients to move, and ends only when it has acknowledged what it took in (${transport})`, async () => {
    const deployment = await deploy({ transport });
    const database = new Database(deployment.databaseUrl, { connectionsMax: 1, log: silentLog });
    const alice = await person(deployment.target, "alice");
    const group = await groupOf(alice);
    const raw = await RawClient.open(deployment.cluster.url);
    await raw.ask({ kind: "resume", token: alice.token });
    const stranger = await RawClient.open(deployment.cluster.url);
    let stopping: Promise<void> | undefined;
    // While the group's row is locked, no message of the group can be stored.
    await database.transaction(async (connection) => {
      await connection.query({ text: "SELECT FROM groups WHERE id = $1 FOR UPDATE", values: [group] });
      raw.sendBytes(
        encodeSend({
          resend: false,
          skipsRefused: false,
          type: messageTypes.application,
          epoch: firstEpoch,
          group: groupId(group),
          clientMessageId: clientMessageId(7n),
          payload: new Uint8Array(100),
        }),
      );
      await raw.ask({ kind: "ping" });
      stopping = deployment.stop();
      await until(() => raw.frames.some(({ kind }) => kind === "goAway"), "the client is asked to move");
      assert.equal(raw.closed, undefined);
      await assert.rejects(RawClient.open(deployment.cluster.url), "nobody new is let in");
    });
    await stopping;
    await until(() => raw.closed !== undefined, "the connection ends");
    const kinds = raw.frames.map(({ kind }) => kind);
    assert.ok(kinds.includes("ack"), kinds.join());
    assert.equal(kinds.at(-1), "error");
    assert.deepEqual(raw.closed, { code: 4006, error: "draining" });
    assert.ok(!stranger.frames.some(({ kind }) => kind === "goAway"), "only who has logged in is asked");
    await database.close();
  });
}
