import { LocalBus } from "../../cluster/bus/local-bus.ts";
import { createOpaqueSecret, opaqueServer } from "../../e2ee/opaque-server.ts";
import type { Clock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { assembleServer, busEvents } from "../../server/assemble.ts";
import type { ServerId } from "../../server/bus.ts";
import { ClientSession } from "../../server/client-session.ts";
import { Sweep } from "../../server/groups/sweep.ts";
import type { MessageWriter, ServerContext, ServerLimits } from "../../server/server-context.ts";
import type { Session } from "../../server/sessions/session.ts";
import type { Connection } from "../../server/transport/transport.ts";
import { type connect, type DatabaseAccess, sqlState, uniqueViolation } from "../../store/database.ts";
import { commitByCopy, commitByStatement } from "../../store/ingest/commit.ts";
import { RowBatch } from "../../store/ingest/row-batch.ts";
import { present } from "../present.ts";
import type { HeldSteps } from "./held-steps.ts";

type DatabaseConnection = Awaited<ReturnType<typeof connect>>;

const opaque = opaqueServer(await createOpaqueSecret());

export interface HeldServerParts {
  readonly steps: HeldSteps;
  readonly database: DatabaseAccess;
  /** The writer's own. */
  readonly writerConnection: DatabaseConnection;
  readonly clock: Clock;
  /** The bus's clock: the bus gives up on peers after a second. */
  readonly busClock: Clock;
  readonly limits: ServerLimits;
  /** How many messages may wait while the batch before theirs is committed; 1,000 without. */
  readonly waitingMax?: number | undefined;
}

/** The client's end of a socket: gets every frame, with whether the server published it to a topic or sent it to this socket. */
export interface SocketEvents {
  came(frame: Uint8Array, isPublished: boolean): void;
  ended(code: number, reason: string): void;
}

/** One chat server without sockets, whose database, bus and writer wait for their turns. */
export class HeldServer {
  readonly context: ServerContext;
  readonly bus: LocalBus;
  readonly sweep: Sweep;
  readonly #steps: HeldSteps;
  readonly #topics = new Map<string, Set<HeldSocket>>();
  readonly #sockets = new WeakMap<ClientSession, HeldSocket>();

  private constructor(context: ServerContext, bus: LocalBus, steps: HeldSteps) {
    this.context = context;
    this.bus = bus;
    this.sweep = new Sweep(context);
    this.#steps = steps;
  }

  static async start(id: ServerId, parts: HeldServerParts): Promise<HeldServer> {
    const { steps, clock, busClock, database, writerConnection, limits, waitingMax = 1000 } = parts;
    const bus = new LocalBus(id, { clock: busClock, log: silentLog });
    const context: ServerContext = assembleServer({
      transport: { publish: (topic, frame) => server.publish(topic, frame) },
      database,
      writer: heldWriter({ steps, connection: writerConnection, waitingMax }, (batch) => context.fanOut.settled(batch)),
      bus,
      opaque: await opaque,
      clock,
      log: silentLog,
      limits,
      tokenSecret: new Uint8Array(32),
      tokenLifetimeMs: 1e9,
    });
    const server = new HeldServer(context, bus, steps);
    bus.listen(busEvents(context));
    return server;
  }

  /** A connection that has not logged in. */
  open(events: SocketEvents): ClientSession {
    const socket = new HeldSocket(this.#topics, events, () => this.#steps.hold(() => session.closed()));
    const session = new ClientSession(this.context, socket);
    this.#sockets.set(session, socket);
    return session;
  }

  /** The client of this connection has gone. */
  drop(session: ClientSession): void {
    if (this.#socketOf(session).close()) session.closed();
  }

  publish(topic: string, frame: Uint8Array): void {
    const copy = Uint8Array.from(frame);
    for (const socket of this.#topics.get(topic) ?? []) socket.came(copy, true);
  }

  /** The topics that this session's socket has subscribed to. */
  topicsOf(session: ClientSession): string[] {
    const socket = this.#socketOf(session);
    return [...this.#topics].flatMap(([topic, sockets]) => (sockets.has(socket) ? [topic] : []));
  }

  #socketOf(session: ClientSession): HeldSocket {
    return present(this.#sockets.get(session), "the socket of a session");
  }
}

class HeldSocket implements Connection {
  readonly remoteAddress = "127.0.0.1";
  readonly #topics: Map<string, Set<HeldSocket>>;
  readonly #events: SocketEvents;
  readonly #closing: () => void;
  #ended = false;

  constructor(topics: Map<string, Set<HeldSocket>>, events: SocketEvents, closing: () => void) {
    this.#topics = topics;
    this.#events = events;
    this.#closing = closing;
  }

  came(frame: Uint8Array, isPublished: boolean): void {
    if (!this.#ended) this.#events.came(frame, isPublished);
  }

  send(frame: Uint8Array): void {
    this.came(Uint8Array.from(frame), false);
  }

  together(write: () => void): void {
    write();
  }

  subscribe(topic: string): void {
    const sockets = this.#topics.get(topic);
    if (sockets) sockets.add(this);
    else this.#topics.set(topic, new Set([this]));
  }

  unsubscribe(topic: string): void {
    this.#topics.get(topic)?.delete(this);
  }

  end(code: number, reason: string): void {
    if (!this.close()) return;
    this.#events.ended(code, reason);
    this.#closing();
  }

  /** False when it was closed already. */
  close(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    for (const sockets of this.#topics.values()) sockets.delete(this);
    return true;
  }
}

/** A writer that commits one batch while the next fills, as the real one does, when its turn comes. */
function heldWriter(
  { steps, connection, waitingMax }: { steps: HeldSteps; connection: DatabaseConnection; waitingMax: number },
  settled: (batch: RowBatch<Session>) => void,
): MessageWriter {
  const newBatch = () => new RowBatch<Session>(waitingMax, 1024 * 1024);
  let filling = newBatch();
  let isRunning = false;
  const run = () => {
    isRunning = filling.count > 0;
    if (!isRunning) return;
    const batch = filling;
    filling = newBatch();
    steps.hold(async () => {
      await commit(connection, batch);
      steps.hold(() => {
        settled(batch);
        run();
      });
    });
  };
  return {
    append(message, ticket) {
      if (!filling.add(message, ticket)) return false;
      if (!isRunning) {
        isRunning = true;
        steps.hold(run);
      }
      return true;
    },
    get waiting() {
      return filling.count;
    },
    away: false,
  };
}

async function commit(connection: DatabaseConnection, batch: RowBatch<Session>): Promise<void> {
  try {
    if (batch.suspects.length > 0) await commitByCopy(connection, batch, batch.suspects);
    else await commitByStatement(connection, batch);
  } catch (cause) {
    if (sqlState(cause) !== uniqueViolation) throw cause;
    await connection.query("ROLLBACK");
    await commitByCopy(
      connection,
      batch,
      Array.from({ length: batch.count }, (_, row) => row),
    );
  }
}
