import assert from "node:assert/strict";
import { test } from "node:test";
import { dialDirectly } from "../client/socket/dial.ts";
import { ClientProcess } from "../testing/client-process.ts";
import { deploy, type TestDeployment } from "../testing/deployment.ts";
import { type Person, person } from "../testing/person.ts";
import { serversAt } from "../testing/server-url.ts";
import { transportsHere, withoutUws } from "../testing/transports-here.ts";
import { until } from "../testing/until.ts";

const clients = 8;

/**
 * Waits until the servers have `sum` clients together; answers how many each has. The counts are from each server's own
 * `/metrics`, since `/servers` also counts clients that were only sent to a server.
 */
async function connectionsAt({ target }: TestDeployment, sum: number): Promise<number[]> {
  const servers = await serversAt(target);
  const countAt = async (url: string) => {
    const metrics = await fetch(`http://${new URL(url).host}/metrics`);
    return Number(/^fastchat_connections\S* (\d+)$/m.exec(await metrics.text())?.[1]);
  };
  let counts: number[] = [];
  await until(async () => {
    counts = await Promise.all(servers.map(({ url }) => countAt(url)));
    return counts.reduce((all, count) => all + count, 0) === sum;
  }, `the servers count ${sum} clients`);
  return counts;
}

const unevenness = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);

/** People who can log in, and whose sessions can be resumed, but who are not connected; the servers know that. */
async function peopleAway(deployment: TestDeployment): Promise<Person[]> {
  const people = await Promise.all(
    Array.from({ length: clients }, (_, i) => person(deployment.target, `client${i}`, { password: "password" })),
  );
  await connectionsAt(deployment, clients);
  await Promise.all(people.map(({ client }) => client.close()));
  await connectionsAt(deployment, 0);
  return people;
}

for (const transport of transportsHere) {
  for (const servers of [2, 4]) {
    test(`clients that are processes of their own are spread evenly over ${servers} servers (${transport})`, async () => {
      const deployment = await deploy({ servers, transport });
      const { target } = deployment;
      const people = await peopleAway(deployment);
      const startOne = async ({ name, token }: Person, i: number) => {
        const who = i % 2 === 0 ? { token } : { name, password: "password" };
        const client = await ClientProcess.start({ target, who });
        // Other requests take no client's turn, though each opens a connection to the port that everybody knows.
        for (const path of ["/healthz", "/about", "/assign?visit=true"].slice(i % 3)) {
          assert.ok((await fetch(`http://${target}${path}`, { headers: { connection: "close" } })).ok);
        }
        return client;
      };
      const started = await Promise.all(people.map(startOne));
      const counts = await connectionsAt(deployment, clients);
      const were = started.map((client) => client.servers.join(" then ")).join(", ");
      assert.ok(counts.length === servers && unevenness(counts) <= 1, `${counts.join()}: ${were}`);
      await deployment.stop();
    });
  }
}

test("clients of a server that breaks are spread evenly over the other servers", async () => {
  const deployment = await deploy({ servers: 4 });
  const people = await peopleAway(deployment);
  const started = await Promise.all(
    people.map(({ token }) => ClientProcess.start({ target: deployment.target, who: { token } })),
  );
  assert.deepEqual(await connectionsAt(deployment, clients), [2, 2, 2, 2]);
  await deployment.cluster.crash(0);
  await until(
    () => started.filter(({ servers }) => servers.length > 1).length === 2,
    "its two clients have logged in somewhere else",
  );
  // The broken server may be back already.
  const where = started.map(({ servers }) => servers.at(-1));
  const counts = ["s1", "s2", "s3"].map((server) => where.filter((at) => at === server).length);
  assert.ok(unevenness(counts) <= 1, counts.join());
  await deployment.stop();
});

test("connections of clients that did not ask first are handed to the servers in turn", {
  skip: withoutUws,
}, async () => {
  const deployment = await deploy({ servers: 3, transport: "uws" });
  const dial = dialDirectly(deployment.cluster.url);
  const people = await Promise.all(
    Array.from({ length: 30 }, (_, i) => person(deployment.target, `direct${i}`, { dial })),
  );
  assert.deepEqual(await connectionsAt(deployment, people.length), [10, 10, 10]);
  await deployment.stop();
});
