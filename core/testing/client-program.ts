import { logIn } from "../client/account/authenticate.ts";
import { Connection } from "../client/mail/connection.ts";
import { dialAssigned } from "../client/socket/dial.ts";
import { openLeanSocket } from "../client/socket/lean-socket.ts";
import * as opaque from "../e2ee/opaque-client.ts";
import { systemClock } from "../platform/clock.ts";
import { seededRandom } from "../platform/random.ts";
import { callsToParent } from "../platform/thread-calls.ts";
import type { ClientOrder, ClientProcessCalls, ClientWatcherCalls } from "./client-order.ts";

/** The program of a client's process: connects, and stays connected until the test that started it disconnects or ends. */
const calls = callsToParent<ClientWatcherCalls>({ connect } satisfies ClientProcessCalls);
process.once("disconnect", () => process.exit());

function connect({ target, who }: ClientOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = new Connection(
      { dial: dialAssigned(target), open: openLeanSocket, clock: systemClock, random: seededRandom(process.pid) },
      {
        stateChanged() {},
        ready({ server }) {
          calls.post("welcomed", server);
          resolve();
        },
        delivered() {},
        acknowledged() {},
        noticed() {},
        blamed() {},
      },
    );
    authenticate(connection, who).catch(reject);
  });
}

async function authenticate(connection: Connection, who: ClientOrder["who"]): Promise<void> {
  if ("token" in who) {
    connection.useToken(who.token);
    return connection.start();
  }
  const welcome = await connection.logIn(logIn(opaque, { ...who, effort: "simulated" }));
  if (!welcome.ok) throw new Error(`${who.name} cannot get in: ${welcome.reason.code} ${welcome.reason.detail}`);
}
