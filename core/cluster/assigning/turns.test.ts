import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerId } from "../../server/bus.ts";
import type { RosterEntry } from "./roster.ts";
import { strategies } from "./strategies.ts";
import { Turns, turnsMemory } from "./turns.ts";

const servers = ["s0", "s1", "s2"];
const roster: readonly RosterEntry[] = servers.map((server) => ({
  server,
  url: `ws://${server}`,
  load: { connections: 0, utilization: 0, lagMs: 0, draining: false },
}));
const inTurn = (after: ServerId | undefined) => strategies["round-robin"](roster, { after });

test("turns are given in one order, whichever thread is asked", () => {
  const memory = turnsMemory(servers);
  const threads = [new Turns(memory), new Turns(memory)];
  const sent = [0, 1, 1, 0, 1, 0, 0].map((asked) => threads[asked]?.next("clients", inTurn).server);
  assert.deepEqual(sent, ["s0", "s1", "s2", "s0", "s1", "s2", "s0"]);
});

test("two threads that pick at the same moment do not take the same turn", () => {
  const memory = turnsMemory(servers);
  const [quick, slow] = [new Turns(memory), new Turns(memory)];
  let meanwhile: string | undefined;
  const { server } = slow.next("clients", (after) => {
    meanwhile ??= quick.next("clients", inTurn).server;
    return inTurn(after);
  });
  assert.deepEqual([meanwhile, server], ["s0", "s1"]);
});

test("visits have turns of their own, and take no client's turn", () => {
  const turns = new Turns(turnsMemory(servers));
  const sent = (["clients", "visits", "clients", "visits", "visits", "clients"] as const).map((line) => [
    line,
    turns.next(line, inTurn).server,
  ]);
  const of = (line: string) => sent.filter(([whose]) => whose === line).map(([, server]) => server);
  assert.deepEqual(of("clients"), servers);
  assert.deepEqual(of("visits"), servers);
});
