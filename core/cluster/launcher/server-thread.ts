import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { OpaqueServer } from "../../e2ee/opaque-server.ts";
import { sleep, systemClock } from "../../platform/clock.ts";
import { descriptorBudget } from "../../platform/descriptors.ts";
import { Failure, messageOf } from "../../platform/failure.ts";
import { createLog } from "../../platform/log.ts";
import { seededRandom } from "../../platform/random.ts";
import { ChatServer } from "../../server/chat-server.ts";
import { Assigner } from "../assigning/assign.ts";
import { DeploymentRoutes } from "../assigning/deployment-routes.ts";
import { heartbeatPeriodMs, Roster } from "../assigning/roster.ts";
import { LocalBus } from "../bus/local-bus.ts";
import { callsOver } from "./thread-calls.ts";
import type { ThreadOrder, ThreadReport, ThreadStart } from "./thread-messages.ts";

/** One chat server as a worker thread: the thread's wiring. */
const start = workerData as ThreadStart;
const main = parentPort as NonNullable<typeof parentPort>;
const report = (message: ThreadReport) => main.postMessage(message);

const clock = systemClock;
const random = seededRandom(start.seed);
const log = createLog(start.logLevel, { server: start.id });
const roster = new Roster();
const assigner = new Assigner(start.assign, { roster, random: random.fork(), clock });
const routes = new DeploymentRoutes({ assigner, roster, about: start.about, clock });
const bus = new LocalBus(start.id, { clock, log });
const opaque = callsOver<OpaqueServer>(start.opaquePort, [
  "registrationResponse",
  "checkRecord",
  "startLogin",
  "finishLogin",
  "waiting",
]);

/** A database that hangs must not keep a thread from ending. */
const closeMsMax = 2000;
/** The main thread lets go within milliseconds, or it is stuck; a socket that it hands to a loop that is gone ends everything. */
const releaseMsMax = 10_000;

let server: ChatServer | undefined;
let ending = false;

process.on("uncaughtException", (cause) => {
  log.fatal({ err: cause }, "an uncaught error ends this server");
  void crash();
});
process.on("unhandledRejection", (cause) => {
  throw cause;
});

main.on("message", (order: ThreadOrder) => {
  switch (order.kind) {
    case "peer": {
      const load = { connections: 0, utilization: 0, lagMs: 0, draining: false };
      roster.heard({ server: order.server, url: order.url, load }, clock.monotonic());
      bus.addPeer(order.server, order.port);
      return report({ kind: "met", server: order.server });
    }
    case "peerGone":
      roster.gone(order.server);
      return bus.removePeer(order.server);
    case "reloadCertificates":
      return void reloadCertificates();
    case "stop":
      return void stop();
    case "crash":
      return void crash();
    default:
      order satisfies never;
  }
});

try {
  server = await ChatServer.start(start.options, {
    bus,
    opaque,
    clock,
    random: random.fork(),
    log,
    descriptors: descriptorBudget(start.descriptors, clock),
    route: (request) => routes.route(request),
    aboutServers(from, frame) {
      if (frame.kind === "heartbeat")
        roster.heard({ server: from, url: frame.url, load: frame.load }, clock.monotonic());
      if (frame.kind === "bye") roster.gone(from);
    },
  });
  const url = start.url.replace("{port}", String(server.port));
  const heartbeat = () => {
    if (!server || ending) return;
    const load = server.load();
    roster.heard({ server: start.id, url, load }, clock.monotonic());
    bus.tellAll({ kind: "heartbeat", url, at: clock.now(), load });
    report({ kind: "heartbeat", load });
  };
  report({ kind: "ready", port: server.port, descriptor: server.acceptorDescriptor });
  heartbeat();
  clock.every(heartbeatPeriodMs, heartbeat);
} catch (cause) {
  const failure =
    cause instanceof Failure ? cause : new Failure("server_failed", messageOf(cause), "see the log", cause);
  report({ kind: "failed", code: failure.code, message: failure.message, advice: failure.advice });
  await end(1);
}

async function reloadCertificates(): Promise<void> {
  try {
    await server?.reloadCertificates();
    report({ kind: "reloaded", descriptor: server?.acceptorDescriptor });
  } catch (cause) {
    log.error({ cause: messageOf(cause) }, "the certificate could not be read again; the old one stays");
  }
}

async function stop(): Promise<void> {
  if (ending) return;
  ending = true;
  bus.tellAll({ kind: "bye", at: clock.now() });
  await server?.drain();
  await end(0);
}

async function crash(): Promise<void> {
  if (ending) return;
  ending = true;
  await end(1);
}

/**
 * Ends the thread. First the main thread must forget the pointer by which it hands sockets over; then those on their way must
 * have come, all must be closed, and the loop must have turned, or Node aborts the whole process over handles that are open.
 */
async function end(exitCode: number): Promise<void> {
  report({ kind: "ending" });
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
