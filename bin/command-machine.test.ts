import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { ThisMachine } from "../core/client/index.ts";
import { hostedBy, ownHost } from "./command-host.ts";
import { commandMachine } from "./command-machine.ts";

test("passwords are stretched as a person needs it, unless the host of the command says otherwise", async () => {
  const effort = async () => commandMachine(tmpdir()).parts.effort;
  assert.equal(await effort(), "interactive");
  assert.equal(await hostedBy(ownHost, effort), "interactive");
  assert.equal(await hostedBy({ ...ownHost, machine: { effort: "simulated" } }, effort), "simulated");
  const chat = new ThisMachine(tmpdir());
  assert.equal(chat.parts.effort, "interactive");
  await chat.close();
});
