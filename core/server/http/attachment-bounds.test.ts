import assert from "node:assert/strict";
import { test } from "node:test";
import { settleAll } from "../../testing/fake-network.ts";
import { FakeRequest } from "../../testing/fake-request.ts";
import { userId } from "../../wire/ids.ts";
import { databaseDouble, serverDouble } from "../testing/doubles.ts";
import { AttachmentRoutes } from "./attachment-routes.ts";

/** A server whose database never answers, and a way to fetch a file there with somebody's token. */
function newServer() {
  const server = serverDouble(databaseDouble(() => new Promise(() => {})));
  const routes = new AttachmentRoutes(server, { bytesMax: 1000, quotaBytes: 1000 });
  const tokenOf = (user: number) => server.tokens.issue(userId(user), `user${user}`, server.clock.now());
  async function fetchWith(token: Uint8Array) {
    const authorization = `Bearer ${Buffer.from(token).toString("base64url")}`;
    const request = new FakeRequest("GET", `/v1/attachments/${"0".repeat(32)}`, { authorization });
    assert.ok(routes.route(request));
    await settleAll();
    return request.answers.map(({ status, body }) => `${status} ${body.split(":", 1).join()}`);
  }
  return { server, tokenOf, fetchWith };
}

test("sixteen requests of a user are under way at a server, and one more is answered busy; another user's are not", async () => {
  const { tokenOf, fetchWith } = newServer();
  const [alice, bob] = [tokenOf(1).token, tokenOf(2).token];
  for (let i = 0; i < 16; i++) assert.deepEqual(await fetchWith(alice), []);
  assert.deepEqual(await fetchWith(alice), ["429 busy"]);
  assert.deepEqual(await fetchWith(bob), []);
});

test("the token of a session that was ended fetches nothing", async () => {
  const { server, tokenOf, fetchWith } = newServer();
  const { session, token } = tokenOf(1);
  server.revoked.add(session.id, server.clock.now());
  assert.deepEqual(await fetchWith(token), ["401 unauthorized"]);
});
