import type * as uws from "uWebSockets.js";
import { setImmediate } from "node:timers/promises";
import { freePort } from "../../platform/free-port.ts";
import { portInUse } from "./port-in-use.ts";

/** What the library has and its type declarations do not. */
export interface UndeclaredApp {
  getDescriptor(): unknown;
  addChildAppDescriptor(descriptor: unknown): void;
  removeChildAppDescriptor(descriptor: unknown): void;
  listen(host: string, port: number, options: number, done: (socket: uws.us_listen_socket | false) => void): void;
}

export const undeclared = (app: uws.TemplatedApp) => app as unknown as UndeclaredApp;

/** LIBUS_LISTEN_EXCLUSIVE_PORT: without it two programs on one port would share its clients without a word. */
const exclusivePort = 1;
const attemptsMax = 5;

/**
 * Listens; port 0 becomes a free one first, since the library sets SO_REUSEADDR on a port that it is told only, and a
 * server that comes back must find its port although old connections are in TIME_WAIT there.
 */
export async function listen(
  app: uws.TemplatedApp,
  host: string,
  port: number,
): Promise<{ socket: uws.us_listen_socket; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const wanted = port === 0 ? await freePort(host) : port;
    const socket = await new Promise<uws.us_listen_socket | false>((resolve) => {
      undeclared(app).listen(host, wanted, exclusivePort, resolve);
    });
    if (socket) return { socket, port: wanted };
    if (port !== 0 || attempt === attemptsMax) throw portInUse(host, wanted);
  }
}

/** The library takes a few sockets a turn out of its queue; more than this many turns are for more than anybody may have open. */
const closingTurnsMax = 100_000;

/**
 * Closes apps and all of their sockets; `open` says how many there are. Once is not enough: a TLS socket whose handshake goes
 * on may stand in a queue of the library's, where closing does not find it, and a thread that ends with one takes the process
 * down.
 */
export async function closeWholly(apps: readonly uws.TemplatedApp[], open: () => number): Promise<void> {
  for (let turn = 0; turn < closingTurnsMax; turn++) {
    for (const app of apps) app.close();
    if (open() === 0) return;
    await setImmediate();
  }
}
