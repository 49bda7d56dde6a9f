import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { seededRandom } from "../../platform/random.ts";
import { freshDatabase } from "../../testing/database.ts";
import { portOf } from "../../testing/port-of.ts";
import { insertGroup } from "../../testing/stored-group.ts";
import { until } from "../../testing/until.ts";
import { clientMessageId, epoch, groupId, userId } from "../../wire/ids.ts";
import { Database } from "../database.ts";
import { IngestWriter } from "./ingest-writer.ts";

/** Passes connections on to a database, whose answers it can keep to itself. */
async function answerEater(databaseUrl: string) {
  const target = new URL(databaseUrl);
  const [host, port] = [decodeURIComponent(target.hostname), Number(target.port)];
  const reached = host.startsWith("/") ? { path: path.join(host, `.s.PGSQL.${port}`) } : { host, port };
  const open = new Set<Socket>();
  let [eatsBehind, isEating]: [string | undefined, boolean] = [undefined, false];
  const server = createServer((near) => {
    const far = connect(reached);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
      from.on("data", (bytes) => {
        if (from === near && eatsBehind !== undefined && bytes.includes(eatsBehind)) isEating = true;
        if (from === near || !isEating) to.write(bytes);
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  target.hostname = "127.0.0.1";
  target.port = String(portOf(server));
  const breakAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: target.href,
    /** Keeps all answers to itself from the moment at which these bytes are passed on. */
    eatBehind(bytes: string) {
      eatsBehind = bytes;
    },
    /** Breaks the connections without their answers; later ones get theirs. */
    breakAll() {
      [eatsBehind, isEating] = [undefined, false];
      breakAll();
    },
    close() {
      server.close();
      breakAll();
    },
  };
}

for (const [commit, statementRowsMax] of [
  ["statement", 100],
  ["copy", 0],
] as const) {
  test(`a message is stored once and delivered, although the answer to its commit was lost (${commit})`, async (t) => {
    const url = await freshDatabase();
    const database = new Database(url, { connectionsMax: 2, log: silentLog });
    const eater = await answerEater(url);
    const settled: string[] = [];
    const writer = new IngestWriter<string>(
      { url: eater.url, rowsMax: 100, bytesMax: 100_000, statementRowsMax, commitSpacingMs: 0 },
      {
        settled(batch) {
          for (let row = 0; row < batch.count; row++) {
            const isDelivered = batch.fresh[row] ? "delivered" : "not delivered";
            settled.push(`${batch.ticket(row)}: ${batch.faults[row]?.code ?? batch.seq(row)}, ${isDelivered}`);
          }
        },
      },
      { clock: systemClock, random: seededRandom(1), log: silentLog },
    );
    t.after(async () => {
      await writer.close();
      await database.close();
      eater.close();
    });
    await insertGroup(database, 1);
    const append = (id: number, resend = false) => {
      const message = { group: groupId(1), sender: userId(1), epoch: epoch(1), type: 0, sentAt: 1, turn: 0 } as const;
      const payload = Buffer.from(`${id}`);
      assert.ok(writer.append({ ...message, clientMessageId: clientMessageId(BigInt(id)), payload, resend }, `${id}`));
    };
    await writer.open();
    append(1);
    await until(() => settled.length === 1, "the first message is stored");
    // The statement is a transaction by itself.
    eater.eatBehind(commit === "copy" ? "COMMIT" : "");
    append(2);
    // A message that was delivered before comes again; a batch with such a one goes by COPY.
    if (commit === "copy") append(1, true);
    await until(async () => (await database.query({ text: "SELECT 1 FROM messages" })).length === 2, "the commit");
    assert.equal(settled.length, 1);
    eater.breakAll();
    const expected = ["1: 1, delivered", "2: 2, delivered", ...(commit === "copy" ? ["1: 1, not delivered"] : [])];
    await until(() => settled.length === expected.length, "all have their outcome");
    assert.deepEqual(settled, expected);
    assert.equal((await database.query({ text: "SELECT 1 FROM messages" })).length, 2);
  });
}
