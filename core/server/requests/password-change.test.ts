import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "../../platform/result.ts";
import { userId } from "../../wire/ids.ts";
import { busyOpaque, databaseDouble, deafBus, serverDouble, sessionDouble } from "../testing/doubles.ts";
import { PasswordChange } from "./password-change.ts";

const alice = userId(1);
const [own, others] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];

test("a new password ends the user's other sessions: here, and, by the bus, at every other server at once", async () => {
  const said: string[] = [];
  const server = serverDouble(
    databaseDouble(async ({ text }) => {
      if (text.startsWith("SELECT")) return [{ credential: "alice" }];
      return /sessions/.test(text) ? [{ id: others }] : [];
    }),
    {
      opaque: {
        ...busyOpaque,
        registrationResponse: async () => accepted(new Uint8Array(1)),
        checkRecord: async () => accepted(undefined),
      },
      bus: {
        ...deafBus("s0"),
        broadcast: (frame) => void (frame.kind === "revoked" && said.push(`tells ${frame.session.join("")}`)),
      },
    },
  );
  for (const session of [own, others]) {
    server.users.add(
      alice,
      sessionDouble({
        user: alice,
        isOfSession: (id) => Buffer.compare(id, session) === 0,
        end: (code) => void said.push(`ends ${session.join("")}: ${code}`),
      }),
    );
  }
  const change = new PasswordChange(server, { user: alice, sessionId: own, byPassword: true });
  assert.equal((await change.start({ message: new Uint8Array(32) })).kind, "passwordStarted");
  const finish = { record: new Uint8Array(192), backup: new Uint8Array(30) };
  assert.equal((await change.finish(finish)).kind, "done");
  const name = others.join("");
  assert.deepEqual(said, [`tells ${name}`, `ends ${name}: token_invalid`]);
  assert.deepEqual([server.revoked.has(others), server.revoked.has(own)], [true, false]);
});
