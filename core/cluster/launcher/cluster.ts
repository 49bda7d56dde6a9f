import { once } from "node:events";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { opaqueTasksFile, pooledOpaque } from "../../e2ee/offload/opaque-tasks.ts";
import type { OpaqueServer } from "../../e2ee/opaque-server.ts";
import { backOffMs } from "../../platform/back-off.ts";
import { type Cancel, systemClock } from "../../platform/clock.ts";
import { type DescriptorShare, descriptorBudget } from "../../platform/descriptors.ts";
import { Failure } from "../../platform/failure.ts";
import { itemAt } from "../../platform/item-at.ts";
import type { Log, LogLevel } from "../../platform/log.ts";
import { Pool, poolThreads } from "../../platform/pool.ts";
import { type Random, seededRandom } from "../../platform/random.ts";
import { type Calls, callsToThread } from "../../platform/thread-calls.ts";
import type { ServerId } from "../../server/bus.ts";
import type { ChatServerOptions } from "../../server/chat-server.ts";
import { nativeAcceptor } from "../../server/transport/acceptor.ts";
import type { Front } from "../../server/transport/front.ts";
import { Lobby } from "../../server/transport/lobby.ts";
import { Proxies, type ProxyOptions } from "../../server/transport/proxies.ts";
import { signpost } from "../../server/transport/signpost.ts";
import { socketPath } from "../../server/transport/transport.ts";
import { Assigner } from "../assigning/assign.ts";
import { DeploymentRoutes } from "../assigning/deployment-routes.ts";
import { Roster } from "../assigning/roster.ts";
import type { StrategyName } from "../assigning/strategies.ts";
import { type TurnsMemory, turnsMemory } from "../assigning/turns.ts";
import type { About, Listening, MainThreadCalls, ServerThreadCalls, ThreadStart } from "./server-thread-calls.ts";

export interface ClusterOptions {
  readonly servers: number;
  readonly strategy: StrategyName;
  readonly host: string;
  /** The host name under which clients reach this machine. */
  readonly publicHost: string;
  /** The servers' URL for clients where a proxy stands before them, without a slash at its end; `{server}` stands for a server's name. */
  readonly publicUrl: string | undefined;
  /** Addresses and networks (CIDR) of proxies whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies: readonly string[];
  /** The port that everybody knows; each server also gets one of its own. 0 lets the system choose all of them. */
  readonly port: number;
  /** What is the same for every server. */
  readonly server: Omit<ChatServerOptions, "host" | "port">;
  /** The part of the process's descriptors that the servers' sockets may take; undefined where that is not known. */
  readonly descriptors: DescriptorShare | undefined;
  readonly durability: About["durability"];
  readonly opaqueSecret: string;
  readonly offloadQueueMax: number;
  readonly logLevel: LogLevel;
  readonly seed: number;
}

/** Pauses before a thread that has ended is started again. */
const restarts = { msMin: 200, msMax: 10_000, jitter: "equal" } as const;
/** A thread that has not ended by itself after this long is terminated. */
const stopMsMax = 15_000;

/** A server's thread, and how it is called. */
interface Running {
  readonly thread: Worker;
  readonly calls: Calls<ServerThreadCalls>;
}

interface Member {
  readonly id: ServerId;
  readonly index: number;
  running: Running | undefined;
  port: number;
  descriptor: unknown;
  restarts: number;
  cancelRestart: Cancel | undefined;
}

/**
 * Many chat servers as threads of this process, with one front door.
 *
 * Clients ask at the front door which server to connect to. With the native transport it hands each connection that it accepts
 * to the next server's thread; a thread that is about to end is taken off first, and started again afterwards. The crypto of
 * all servers runs in one pool.
 */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #log: Log;
  readonly #pool: Pool;
  readonly #opaque: OpaqueServer;
  readonly #members: Member[];
  readonly #roster = new Roster();
  readonly #turns: TurnsMemory;
  readonly #random: Random;
  #front: Front | undefined;
  #stopping = false;

  private constructor(options: ClusterOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#random = seededRandom(options.seed);
    this.#pool = new Pool({
      filename: opaqueTasksFile,
      threadsMax: poolThreads(),
      queueMax: options.offloadQueueMax,
      workerData: { opaqueSecret: options.opaqueSecret },
    });
    this.#opaque = pooledOpaque(this.#pool);
    this.#members = Array.from({ length: options.servers }, (_, index) => ({
      id: `s${index}`,
      index,
      running: undefined,
      port: 0,
      descriptor: undefined,
      restarts: 0,
      cancelRestart: undefined,
    }));
    this.#turns = turnsMemory(this.#members.map(({ id }) => id));
  }

  /** Ready when every server listens. */
  static async start(options: ClusterOptions, log: Log): Promise<Cluster> {
    const cluster = new Cluster(options, log);
    try {
      await cluster.#openFront();
      await Promise.all(cluster.#members.map((member) => cluster.#startThread(member)));
    } catch (cause) {
      await cluster.stop();
      throw cause;
    }
    return cluster;
  }

  /** The port that everybody knows. */
  get port(): number {
    return this.#front?.port ?? itemAt(this.#members, 0).port;
  }

  /** Each server's own port. */
  get serverPorts(): number[] {
    return this.#members.map(({ port }) => port);
  }

  /** Where clients connect, or ask `/assign` where to. */
  get url(): string {
    return this.#socketUrl(this.port);
  }

  /** Clients that are connected, by the servers' last heartbeats. */
  get connections(): number {
    const servers = this.#roster.available(systemClock.monotonic());
    return servers.reduce((sum, { load }) => sum + load.connections, 0);
  }

  /** Breaks a server as an uncaught error would; resolves when its thread has ended. The server is started again by itself. */
  async crash(index: number): Promise<void> {
    const running = this.#members[index]?.running;
    if (!running) return;
    const exited = once(running.thread, "exit");
    running.calls.post("crash");
    await exited;
  }

  /** Reads the certificate's files again, for new connections. */
  reloadCertificates(): void {
    this.#front?.reloadCertificates();
    for (const member of this.#members) void this.#reloadCertificates(member);
  }

  /** Stops the servers: each commits and acknowledges the messages that it has taken in, then its thread ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const member of this.#members) member.cancelRestart?.();
    await Promise.all(this.#members.map((member) => this.#stopThread(member)));
    await this.#front?.close();
    this.#front = undefined;
    await this.#pool.close();
  }

  #socketUrl(port: number | string): string {
    const { publicHost, server } = this.#options;
    return socketUrl(publicHost, port, server.tls ? "wss" : "ws");
  }

  /** Where clients open sockets to a server that listens on this port. */
  #socketUrlOf(id: ServerId, port: number | string): string {
    const { publicUrl } = this.#options;
    if (publicUrl === undefined) return this.#socketUrl(port);
    return publicUrl.replaceAll("{server}", id).replace(/^http/, "ws") + socketPath;
  }

  #proxiesBefore(id: ServerId): ProxyOptions {
    const { publicUrl = "", trustedProxies } = this.#options;
    const path = publicUrl.replace(/^\w+:\/\/[^/]*/, "");
    // What is the same for all servers has the part before their names.
    const [common = ""] = path.split(/\/[^/]*\{server\}/);
    const pathPrefixes = [...new Set([path.replaceAll("{server}", id), common])].filter((of) => of !== "");
    return { pathPrefixes, trustedProxies };
  }

  #reach(): ThreadStart["reach"] {
    const { publicUrl, servers } = this.#options;
    return { isPublic: publicUrl !== undefined, isLone: servers === 1 };
  }

  /** Opens the front door. One server alone needs none: clients ask it, and are sent to it. */
  async #openFront(): Promise<void> {
    const { servers, server, host, port } = this.#options;
    if (servers === 1) return;
    const budget = descriptorBudget(this.#options.descriptors, systemClock);
    const lobby = new Lobby({ budget, clock: systemClock, log: this.#log });
    const proxies = new Proxies(this.#proxiesBefore("front"));
    const at = { host, port, tls: server.tls, lobby, proxies };
    if (server.transport === "uws") {
      this.#front = await nativeAcceptor(at);
      return;
    }
    const assigner = new Assigner(this.#assignOptions(), {
      roster: this.#roster,
      random: this.#random.fork(),
      clock: systemClock,
    });
    const routes = new DeploymentRoutes({
      assigner,
      roster: this.#roster,
      about: this.#about(),
      reach: { ...this.#reach(), proxies },
      clock: systemClock,
    });
    this.#front = await signpost(at, (request) => routes.route(request));
  }

  #about() {
    const { strategy, server, durability } = this.#options;
    return { strategy, transport: server.transport, durability };
  }

  #assignOptions() {
    return { strategy: this.#options.strategy, turns: this.#turns };
  }

  async #startThread(member: Member): Promise<void> {
    const { host, port, servers, server, logLevel, seed } = this.#options;
    const ownPort = servers === 1 || port === 0 ? port : port + 1 + member.index;
    const released = new Int32Array(new SharedArrayBuffer(4));
    const start: ThreadStart = {
      id: member.id,
      // A server that is started again has the port that it had.
      options: { ...server, host, port: member.port || ownPort },
      proxies: this.#proxiesBefore(member.id),
      url: this.#socketUrlOf(member.id, "{port}"),
      reach: this.#reach(),
      assign: this.#assignOptions(),
      about: this.#about(),
      logLevel,
      seed: seed + member.index + 1,
      descriptors: this.#options.descriptors,
      released,
    };
    const thread = new Worker(new URL("./server-thread.js", import.meta.url), { workerData: start });
    const ours: MainThreadCalls = {
      ...this.#opaque,
      heartbeat: (url, load) => this.#roster.heard({ server: member.id, url, load }, systemClock.monotonic()),
      ending: () => {
        this.#release(member);
        Atomics.store(released, 0, 1);
        Atomics.notify(released, 0);
      },
    };
    const calls = callsToThread<ServerThreadCalls>(
      thread,
      ours,
      (code) => new Failure("server_failed", `its thread ended with ${code}`, "see the log"),
    );
    const running = { thread, calls };
    member.running = running;
    thread.once("exit", (code) => this.#ended(member, running, code));
    const { port: listensAt, descriptor } = await this.#untilListening(member, calls);
    member.port = listensAt;
    member.descriptor = descriptor;
    await this.#introduce(member, running);
    if (member.descriptor !== undefined) this.#front?.add(member.descriptor);
  }

  async #untilListening({ id }: Member, { to }: Calls<ServerThreadCalls>): Promise<Listening> {
    try {
      return await to.listening();
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause;
      throw new Failure(cause.code, `${id}: ${cause.message}`, cause.advice, cause);
    }
  }

  /** Connects a new server's bus with those of all others; resolves when they know each other. */
  async #introduce(member: Member, running: Running): Promise<void> {
    const meetings: Promise<void>[] = [];
    const introduce = ({ calls }: Running, { id, port }: Member, link: MessagePort) => {
      const meeting = calls.to.meet(id, this.#socketUrlOf(id, port), link).catch((cause: unknown) => {
        // A server that ends meanwhile need not know the others.
        if (!calls.isClosed) this.#log.error({ server: id, err: cause }, "a server could not be introduced to another");
      });
      meetings.push(meeting);
    };
    for (const other of this.#members) {
      if (other === member || !other.running || other.port === 0) continue;
      const { port1, port2 } = new MessageChannel();
      introduce(running, other, port1);
      introduce(other.running, member, port2);
    }
    await Promise.all(meetings);
  }

  /** Takes a server off the front door and the roster: no more sockets are handed to its thread. */
  #release(member: Member): void {
    if (member.descriptor !== undefined) this.#front?.remove(member.descriptor);
    member.descriptor = undefined;
    this.#roster.gone(member.id);
  }

  #ended(member: Member, running: Running, code: number): void {
    if (member.running !== running) return;
    member.running = undefined;
    this.#release(member);
    for (const other of this.#members) other.running?.calls.post("forget", member.id);
    if (this.#stopping || member.port === 0) return;
    const delay = backOffMs(++member.restarts, restarts, this.#random);
    this.#log.error({ server: member.id, code, restartInMs: delay }, "a server thread has ended; starting it again");
    member.cancelRestart = systemClock.after(delay, () => void this.#restart(member));
  }

  async #reloadCertificates(member: Member): Promise<void> {
    // A server that ends meanwhile reads the files when it starts again.
    const reloaded = await member.running?.calls.to.reloadCertificates().catch(() => undefined);
    if (!reloaded) return;
    // The old descriptor is removed first: a thread with two would get twice as many sockets.
    if (member.descriptor !== undefined) this.#front?.remove(member.descriptor);
    member.descriptor = reloaded.descriptor;
    if (member.descriptor !== undefined) this.#front?.add(member.descriptor);
  }

  async #restart(member: Member): Promise<void> {
    if (this.#stopping) return;
    try {
      await this.#startThread(member);
      this.#log.info({ server: member.id }, "a server thread is back");
    } catch (cause) {
      this.#log.error({ server: member.id, err: cause }, "a server thread could not be started again");
    }
  }

  async #stopThread(member: Member): Promise<void> {
    if (!member.running) return;
    const { thread, calls } = member.running;
    const exited = once(thread, "exit");
    calls.post("stop");
    // A thread whose event loop hangs does not get the call.
    const giveUp = systemClock.after(stopMsMax, () => void thread.terminate());
    await exited;
    giveUp();
  }
}

export function socketUrl(host: string, port: number | string, scheme: "ws" | "wss" = "ws"): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${name}:${port}${socketPath}`;
}
