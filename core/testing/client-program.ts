import { logIn } from "../client/account/authenticate.ts";
import { Connection } from "../client/mail/connection.ts";
import { dialAssigned } from "../client/socket/dial.ts";
import { openLeanSocket } from "../client/socket/lean-socket.ts";
import * as opaque from "../e2ee/opaque-client.ts";
import { systemClock } from "../platform/clock.ts";
import { seededRandom } from "../platform/random.ts";
import type { ClientOrder } from "./client-order.ts";

/** The program of a client's process: connects, and stays connected until the test that started it disconnects or ends. */
process.once("message", (order: ClientOrder) => void connect(order));
process.once("disconnect", () => process.exit());

async function connect({ target, who }: ClientOrder): Promise<void> {
  const connection = new Connection(
    { dial: dialAssigned(target), open: openLeanSocket, clock: systemClock, random: seededRandom(process.pid) },
    {
      stateChanged() {},
      ready: ({ server }) => void process.send?.(server),
      delivered() {},
      acknowledged() {},
      noticed() {},
    },
  );
  if ("token" in who) {
    connection.useToken(Buffer.from(who.token, "hex"));
    return connection.start();
  }
  const welcome = await connection.logIn(logIn(opaque, { ...who, effort: "simulated" }));
  if (!welcome.ok) throw new Error(`${who.name} cannot get in: ${welcome.reason.code} ${welcome.reason.detail}`);
}
