import type * as uws from "uWebSockets.js";
import { setImmediate } from "node:timers/promises";
import { freePort } from "../../platform/free-port.ts";
import { portInUse } from "./port-in-use.ts";

declare module "uWebSockets.js" {
  /** Functions that the library has and its type declarations lack. */
  interface TemplatedApp {
    getDescriptor(): unknown;
    addChildAppDescriptor(descriptor: unknown): void;
    removeChildAppDescriptor(descriptor: unknown): void;
    listen(host: string, port: number, options: number, done: (socket: uws.us_listen_socket | false) => void): void;
  }
}

/** LIBUS_LISTEN_EXCLUSIVE_PORT: without it two programs could listen on one port, and each would get some of its clients. */
const exclusivePort = 1;
const attemptsMax = 5;

/**
 * Listens. For port 0 it finds a free port first: the library sets SO_REUSEADDR only for a given port, and without that a
 * server could not listen on its port again while old connections are in TIME_WAIT there.
 */
export async function listen(
  app: uws.TemplatedApp,
  host: string,
  port: number,
): Promise<{ socket: uws.us_listen_socket; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const wanted = port === 0 ? await freePort(host) : port;
    const socket = await new Promise<uws.us_listen_socket | false>((resolve) => {
      app.listen(host, wanted, exclusivePort, resolve);
    });
    if (socket) return { socket, port: wanted };
    if (port !== 0 || attempt === attemptsMax) throw portInUse(host, wanted);
  }
}

/**
 * The library takes a few sockets a turn out of its queue; this many turns are enough for more sockets than a process may open.
 */
const closingTurnsMax = 100_000;

/**
 * Closes apps and all of their sockets; `open` counts the open ones. Closing once is not enough: a TLS socket in the middle of
 * its handshake may be in a queue of the library, which closing does not reach, and a thread that ends with such a socket
 * crashes the process.
 */
export async function closeWholly(apps: readonly uws.TemplatedApp[], open: () => number): Promise<void> {
  for (let turn = 0; turn < closingTurnsMax; turn++) {
    for (const app of apps) app.close();
    if (open() === 0) return;
    await setImmediate();
  }
}
