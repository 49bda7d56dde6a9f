import type { OpaqueServer } from "../e2ee/opaque-server.ts";
import type { Cancel, Clock } from "../platform/clock.ts";
import { sleep } from "../platform/clock.ts";
import type { DescriptorBudget } from "../platform/descriptors.ts";
import { Episode } from "../platform/episode.ts";
import { messageOf } from "../platform/failure.ts";
import type { Log } from "../platform/log.ts";
import { LoopLag } from "../platform/loop-lag.ts";
import type { Random } from "../platform/random.ts";
import { Database } from "../store/database.ts";
import { type IngestOptions, IngestWriter } from "../store/ingest/ingest-writer.ts";
import { limits } from "../wire/limits.ts";
import type { ServerLoad } from "../wire/link-frame.ts";
import { assembleServer, busEvents, refreshRevoked } from "./assemble.ts";
import type { Bus, FrameAboutServers, ServerId } from "./bus.ts";
import { ClientSession } from "./client-session.ts";
import { Presence } from "./groups/presence.ts";
import { Sweep } from "./groups/sweep.ts";
import { type AttachmentLimits, AttachmentRoutes } from "./http/attachment-routes.ts";
import { Janitor } from "./janitor.ts";
import { ServerMetrics } from "./metrics.ts";
import type { ServerContext, ServerLimits } from "./server-context.ts";
import { Lobby } from "./transport/lobby.ts";
import { answeredForServer, hasMethod } from "./transport/methods.ts";
import { openTransport } from "./transport/open-transport.ts";
import type { Proxies } from "./transport/proxies.ts";
import {
  type HttpRequest,
  plainText,
  type TlsFiles,
  type Transport,
  type TransportName,
} from "./transport/transport.ts";

export interface ChatServerOptions {
  readonly transport: TransportName;
  readonly tls: TlsFiles | undefined;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly databaseUrl: string;
  readonly databaseConnectionsMax: number;
  readonly tokenSecret: Uint8Array;
  readonly tokenLifetimeMs: number;
  readonly limits: ServerLimits;
  readonly backpressureBytesMax: number;
  readonly idleSecondsMax: number;
  readonly ingest: Omit<IngestOptions, "url">;
  readonly attachments: AttachmentLimits;
  /** How often what has expired is deleted. */
  readonly expiryPeriodMs: number;
}

export interface ChatServerParts {
  readonly bus: Bus;
  readonly opaque: OpaqueServer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What stands between the server and its clients. */
  readonly proxies: Proxies;
  /** The part of the process's descriptors that sockets may take; without it `connectionsMax` alone bounds them. */
  readonly descriptors?: DescriptorBudget | undefined;
  /** Answers an HTTP request that is not for the server's own routes; answers false if it does not. */
  route?(request: HttpRequest): boolean;
  /** Gets the bus frames about servers. */
  aboutServers?(from: ServerId, frame: FrameAboutServers): void;
}

const sweepPeriodMs = 2000;
const housekeepingPeriodMs = 1000;
const revokedPeriodMs = 5000;
/** The longest time between asking clients to move and closing their connections. */
const drainMsMax = 5000;
/** The server counts as full no more once it has refused no connection for this long. */
const fullQuietMs = 10_000;

/** One chat server: everything between its sockets and the database. Many servers share a database and a bus. */
export class ChatServer {
  readonly #options: ChatServerOptions;
  readonly #parts: ChatServerParts;
  readonly #context: ServerContext;
  readonly #transport: Transport;
  readonly #database: Database;
  readonly #writer: IngestWriter<ClientSession>;
  readonly #metrics: ServerMetrics;
  readonly #lag = new LoopLag();
  readonly #heartbeatLag = new LoopLag();
  readonly #sweep: Sweep;
  readonly #janitor: Janitor;
  readonly #attachments: AttachmentRoutes;
  readonly #full: Episode;
  /** Routes for GET, by path. */
  readonly #answers: ReadonlyMap<string, (request: HttpRequest) => void> = new Map([
    ["/healthz", (request: HttpRequest) => request.respond(200, plainText, "ok\n")],
    ["/readyz", (request: HttpRequest) => this.#ready(request)],
    ["/metrics", (request: HttpRequest) => this.#showMetrics(request)],
  ]);
  #periodic: Cancel[] = [];
  #port = 0;
  #draining = false;

  private constructor(options: ChatServerOptions, parts: ChatServerParts) {
    this.#options = options;
    this.#parts = parts;
    const { bus, clock, log, opaque, random } = parts;
    const { connectionsMax } = options.limits;
    this.#full = new Episode({
      clock,
      quietMs: fullQuietMs,
      began: () => log.warn({ connectionsMax }, "this server is full; new connections are refused (server_full)"),
      over: (refused) => log.info({ refused }, "this server is full no more"),
    });
    this.#transport = openTransport<ClientSession>(
      options.transport,
      {
        opened: (connection) => {
          const session = new ClientSession(context, connection);
          context.strangers.set(session, clock.monotonic());
          return session;
        },
        admitted: (session) => {
          if (this.#draining) session.end("draining", "this server is about to stop");
          else if (this.#connections > options.limits.connectionsMax) this.#refuse(session);
        },
        received: (session, frame) => session.received(frame),
        closed: (session, why) => {
          if (why === "slow_consumer") context.counters.slowConsumers++;
          context.strangers.delete(session);
          session.closed();
        },
        requested: (request) => this.#requested(request),
      },
      {
        // A frame of up to twice the bound is read and refused with a code; for a larger one the socket is cut off.
        messageBytesMax: 2 * limits.frameBytesMax,
        backpressureBytesMax: options.backpressureBytesMax,
        idleSecondsMax: options.idleSecondsMax,
        clock,
        random,
        tls: options.tls,
        proxies: parts.proxies,
        lobby: new Lobby({ budget: parts.descriptors, clock, log }),
      },
    );

    const database = new Database(options.databaseUrl, { connectionsMax: options.databaseConnectionsMax, log });
    const writer = new IngestWriter<ClientSession>(
      { url: options.databaseUrl, ...options.ingest },
      {
        settled: (batch) => context.fanOut.settled(batch),
        committed: (commit) => this.#metrics.committed(commit),
      },
      { clock, random, log },
    );
    this.#database = database;
    this.#writer = writer;
    const context: ServerContext = assembleServer({
      transport: this.#transport,
      database,
      writer,
      bus,
      opaque,
      clock,
      log,
      limits: options.limits,
      tokenSecret: options.tokenSecret,
      tokenLifetimeMs: options.tokenLifetimeMs,
    });
    this.#context = context;
    this.#metrics = new ServerMetrics(context, this.#lag);
    this.#sweep = new Sweep(context);
    this.#janitor = new Janitor({ database, clock, log });
    this.#attachments = new AttachmentRoutes(context, options.attachments);
  }

  /** Connects to the database, joins the bus, listens. */
  static async start(options: ChatServerOptions, parts: ChatServerParts): Promise<ChatServer> {
    const server = new ChatServer(options, parts);
    try {
      await server.#start();
    } catch (cause) {
      await server.close();
      throw cause;
    }
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** The native acceptor hands sockets to this server by this. */
  get acceptorDescriptor(): unknown {
    return this.#transport.acceptorDescriptor;
  }

  /** Reads the certificate's files again; afterwards {@link acceptorDescriptor} is another. */
  reloadCertificates(): Promise<void> {
    return this.#transport.reloadCertificates();
  }

  /** How busy the server has been since the last call. */
  load(): ServerLoad {
    const { utilization, p99Ms } = this.#heartbeatLag.read();
    return { connections: this.#connections, utilization, lagMs: p99Ms, draining: this.#draining };
  }

  /**
   * Prepares a stop in good order: takes no new clients, asks the connected ones to move, and commits and acknowledges every
   * message that it has taken in.
   */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#transport.stopListening();
    for (const session of this.#context.users.all()) session.goAway();
    const deadline = sleep(this.#parts.clock, drainMsMax);
    await Promise.race([this.#writer.drained(), deadline]);
    for (const session of [...this.#context.users.all()]) session.end("draining", "this server stops");
  }

  async close(): Promise<void> {
    this.#draining = true;
    for (const cancel of this.#periodic.splice(0)) cancel();
    this.#lag.stop();
    this.#heartbeatLag.stop();
    this.#full.stop();
    await this.#transport.close();
    await this.#writer.close();
    await this.#database.close();
  }

  get #connections(): number {
    return this.#context.users.count + this.#context.strangers.size;
  }

  /** Refuses a connection over the bound, which then does not count, however long its client takes to close it. */
  #refuse(session: ClientSession): void {
    this.#full.happened();
    this.#context.strangers.delete(session);
    session.end("server_full", "this server has as many connections as it takes");
  }

  async #start(): Promise<void> {
    const { bus, clock } = this.#parts;
    const context = this.#context;
    await this.#writer.open();
    await context.revoked.refresh(context.database, clock.now());
    bus.listen(busEvents(context, (from, frame) => this.#parts.aboutServers?.(from, frame)));
    this.#port = await this.#transport.listen(this.#options.host, this.#options.port);
    this.#periodic = [
      clock.every(Presence.periodMs, () => context.presence.flush()),
      clock.every(sweepPeriodMs, () => void this.#sweep.run()),
      clock.every(housekeepingPeriodMs, () => this.#housekeeping()),
      clock.every(this.#options.expiryPeriodMs, () => void this.#janitor.run()),
      clock.every(revokedPeriodMs, () => void refreshRevoked(context)),
    ];
  }

  #housekeeping(): void {
    const now = this.#parts.clock.monotonic();
    for (const [session, since] of this.#context.strangers) {
      if (now - since <= limits.authenticationMsMax) break; // They are in order of arrival: the rest came later.
      this.#context.strangers.delete(session);
      session.end("authentication_timeout", `no login within ${limits.authenticationMsMax / 1000} s`);
    }
    this.#context.groups.forgetIdle();
  }

  #requested(request: HttpRequest): void {
    if (this.#attachments.route(request) || this.#parts.route?.(request) || answeredForServer(request)) return;
    const answer = this.#answers.get(request.path);
    if (answer) {
      if (hasMethod(request, ["GET"])) answer(request);
      return;
    }
    request.respond(404, plainText, "not_found: there are /healthz, /readyz, /metrics, /assign, /servers and /about\n");
  }

  #ready(request: HttpRequest): void {
    if (this.#draining) return request.respond(503, plainText, "draining\n");
    if (this.#context.writer.away) return request.respond(503, plainText, "database_away\n");
    request.respond(200, plainText, "ready\n");
  }

  #showMetrics(request: HttpRequest): void {
    this.#metrics.text().then(
      (text) => request.respond(200, { "content-type": this.#metrics.contentType }, text),
      (cause) => request.respond(500, plainText, `internal: ${messageOf(cause)}\n`),
    );
  }
}
