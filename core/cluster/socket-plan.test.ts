import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../platform/failure.ts";
import { planSockets } from "./socket-plan.ts";

const asked = { descriptorsMax: 20_000, servers: 1, poolThreads: 1, databaseConnectionsMax: 4, connectionsMax: 10_000 };

test("servers get the connections that were asked for, as long as the process may open them", () => {
  const { connectionsMax, notice, descriptors } = planSockets(asked);
  assert.deepEqual([connectionsMax, notice, descriptors?.max], [10_000, undefined, 20_000]);
});

test("servers share what the process may open, and something is left for everything else", () => {
  for (const servers of [1, 2, 7, 64]) {
    for (const descriptorsMax of [10_000, 20_000, 1_000_000]) {
      const { connectionsMax, descriptors } = planSockets({ ...asked, servers, descriptorsMax, connectionsMax: 1e6 });
      const left = descriptorsMax - servers * connectionsMax;
      assert.ok(connectionsMax > 0 && left > (descriptors?.keptBack ?? 0), `${left} of ${descriptorsMax} are left`);
      assert.ok((descriptors?.keptBack ?? 0) >= servers * asked.databaseConnectionsMax, "the database can be reached");
    }
  }
});

test("where the settings ask for too many connections, a notice has both numbers and says what to do", () => {
  const { connectionsMax, notice } = planSockets({ ...asked, descriptorsMax: 1024, connectionsMax: 1_000_000 });
  assert.ok(connectionsMax < 1024);
  for (const said of ["1024 files", "not 1000000", `--connections-max ${connectionsMax}`, "ulimit -n", "LimitNOFILE="])
    assert.ok(notice?.includes(said), `${said}: ${notice}`);
  const raise = Number(/raise that limit to (\d+)/.exec(notice ?? "")?.[1]);
  const raised = planSockets({ ...asked, descriptorsMax: raise, connectionsMax: 1_000_000 });
  assert.equal(raised.notice, undefined, "the limit that it names is enough");
});

test("too few descriptors are refused with how many it takes", () => {
  const tooFew = (descriptorsMax: number) => () => planSockets({ ...asked, servers: 4, descriptorsMax });
  assert.throws(tooFew(200), (cause: unknown) => {
    assert.ok(cause instanceof Failure);
    assert.equal(cause.code, "descriptors_too_few");
    const enough = Number(/to (\d+) or more/.exec(cause.advice)?.[1]);
    assert.doesNotThrow(tooFew(enough));
    assert.throws(tooFew(enough - 1));
    return true;
  });
});

test("where the system shows no bound, the settings are the bound", () => {
  const { connectionsMax, notice, descriptors } = planSockets({ ...asked, descriptorsMax: undefined });
  assert.deepEqual([connectionsMax, descriptors], [10_000, undefined]);
  assert.match(notice ?? "", /does not show how many sockets/);
});
