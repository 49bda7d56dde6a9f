import { setImmediate } from "node:timers/promises";
import { sleep, systemClock } from "../../platform/clock.ts";
import { descriptorBudget } from "../../platform/descriptors.ts";
import { Failure, messageOf } from "../../platform/failure.ts";
import { createLog } from "../../platform/log.ts";
import { seededRandom } from "../../platform/random.ts";
import { callsToMainThread } from "../../platform/thread-calls.ts";
import { ChatServer } from "../../server/chat-server.ts";
import { Proxies } from "../../server/transport/proxies.ts";
import { Assigner } from "../assigning/assign.ts";
import { DeploymentRoutes } from "../assigning/deployment-routes.ts";
import { heartbeatPeriodMs, Roster } from "../assigning/roster.ts";
import { LocalBus } from "../bus/local-bus.ts";
import { type Listening, type MainThreadCalls, type ServerThreadCalls, threadStart } from "./server-thread-calls.ts";

/** One chat server as a worker thread: the thread's wiring. */
const start = threadStart();

const clock = systemClock;
const random = seededRandom(start.seed);
const log = createLog(start.logLevel, { server: start.id });
const roster = new Roster();
const assigner = new Assigner(start.assign, { roster, random: random.fork(), clock });
const proxies = new Proxies(start.proxies);
const reach = { ...start.reach, proxies };
const routes = new DeploymentRoutes({ assigner, roster, about: start.about, reach, clock });
const bus = new LocalBus(start.id, { clock, log });

/** A database that hangs must not keep a thread from ending. */
const closeMsMax = 2000;
/**
 * The main thread releases this one within milliseconds, unless it hangs. A socket handed to a thread that has ended crashes
 * the process.
 */
const releaseMsMax = 10_000;

let server: ChatServer | undefined;
let ending = false;

const calls: ServerThreadCalls = {
  listening: () => listening,
  meet(other, url, port) {
    roster.heard(
      { server: other, url, load: { connections: 0, utilization: 0, lagMs: 0, draining: false } },
      clock.monotonic(),
    );
    bus.addPeer(other, port);
  },
  forget(other) {
    roster.gone(other);
    bus.removePeer(other);
  },
  reloadCertificates,
  stop: () => void stop(),
  crash: () => void crash(),
};
const main = callsToMainThread<MainThreadCalls>(calls);

process.on("uncaughtException", (cause) => {
  log.fatal({ err: cause }, "an uncaught error ends this server");
  void crash();
});
process.on("unhandledRejection", (cause) => {
  throw cause;
});

const listening = listen();
// The main thread may not have called `listening` yet, and then nobody handles a failure.
listening.catch(() => {});

async function listen(): Promise<Listening> {
  try {
    server = await ChatServer.start(start.options, {
      bus,
      opaque: main.to,
      clock,
      random: random.fork(),
      log,
      proxies,
      descriptors: descriptorBudget(start.descriptors, clock),
      route: (request) => routes.route(request),
      aboutServers(from, frame) {
        switch (frame.kind) {
          case "heartbeat":
            return roster.heard({ server: from, url: frame.url, load: frame.load }, clock.monotonic());
          case "bye":
            return roster.gone(from);
          default:
            frame satisfies never;
        }
      },
    });
    heartbeat();
    clock.every(heartbeatPeriodMs, heartbeat);
    return { port: server.port, descriptor: server.acceptorDescriptor };
  } catch (cause) {
    // At the next turn, when the main thread has been sent the failure.
    void setImmediate().then(() => end(1));
    throw cause instanceof Failure ? cause : new Failure("server_failed", messageOf(cause), "see the log", cause);
  }
}

function heartbeat(): void {
  if (!server || ending) return;
  const url = start.url.replace("{port}", String(server.port));
  const load = server.load();
  roster.heard({ server: start.id, url, load }, clock.monotonic());
  bus.broadcast({ kind: "heartbeat", url, at: clock.now(), load });
  main.post("heartbeat", url, load);
}

async function reloadCertificates(): Promise<Pick<Listening, "descriptor"> | undefined> {
  try {
    await server?.reloadCertificates();
    return { descriptor: server?.acceptorDescriptor };
  } catch (cause) {
    log.error({ cause: messageOf(cause) }, "the certificate could not be read again; the old one stays");
    return undefined;
  }
}

async function stop(): Promise<void> {
  if (ending) return;
  ending = true;
  bus.broadcast({ kind: "bye", at: clock.now() });
  await server?.drain();
  await end(0);
}

async function crash(): Promise<void> {
  if (ending) return;
  ending = true;
  await end(1);
}

/**
 * Ends the thread. First the main thread must drop the pointer by which it hands sockets over; then sockets on their way must
 * have arrived, all must be closed, and the event loop must have turned, or Node aborts the whole process over open handles.
 */
async function end(exitCode: number): Promise<void> {
  main.post("ending");
  Atomics.wait(start.released, 0, 0, releaseMsMax);
  await turnLoop();
  const closing = server?.close().catch((cause) => log.error({ cause: messageOf(cause) }, "closing failed"));
  await Promise.race([closing, sleep(clock, closeMsMax)]);
  bus.close();
  await turnLoop();
  process.exit(exitCode);
}

async function turnLoop(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await setImmediate();
}
