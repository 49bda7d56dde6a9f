import type { OpaqueServer } from "../e2ee/opaque-server.ts";
import type { Clock } from "../platform/clock.ts";
import { Coalescer } from "../platform/coalescer.ts";
import { messageOf } from "../platform/failure.ts";
import { pushTo } from "../platform/lists-by-key.ts";
import type { Log } from "../platform/log.ts";
import { type DatabaseAccess, isDatabaseAway } from "../store/database.ts";
import { type GroupOfUser, groupsOfUsers } from "../store/groups.ts";
import { DeliverCursor } from "../wire/deliver-frame.ts";
import { seqPlus, type UserId } from "../wire/ids.ts";
import type { Bus, BusEvents, FrameAboutServers, ServerId } from "./bus.ts";
import { Counters } from "./counters.ts";
import { applyChange } from "./groups/changes.ts";
import { FanOut } from "./groups/fan-out.ts";
import { GroupDirectory } from "./groups/group-directory.ts";
import { Presence } from "./groups/presence.ts";
import type { MessageWriter, ServerContext, ServerLimits } from "./server-context.ts";
import { Budgets } from "./sessions/budget.ts";
import { LoginGate } from "./sessions/login-gate.ts";
import { endSession, RevokedSessions } from "./sessions/revoked-sessions.ts";
import { SessionTokens } from "./sessions/tokens.ts";
import { UserDirectory } from "./sessions/user-directory.ts";
import type { Transport } from "./transport/transport.ts";

export interface ServerParts {
  readonly transport: Pick<Transport, "publish">;
  readonly database: DatabaseAccess;
  /** The caller passes the writer's batches to `fanOut.settled`, once their rows have their outcome. */
  readonly writer: MessageWriter;
  readonly bus: Bus;
  readonly opaque: OpaqueServer;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ServerLimits;
  readonly tokenSecret: Uint8Array;
  readonly tokenLifetimeMs: number;
}

/** Makes the parts of a server from what reaches beyond it: sockets, database, the other servers, time. */
export function assembleServer(parts: ServerParts): ServerContext {
  const { transport, database, writer, bus, opaque, clock, log, limits, tokenSecret, tokenLifetimeMs } = parts;
  const groups = new GroupDirectory(database, bus, clock);
  const counters = new Counters();
  const fanOut = new FanOut({ transport, groups, bus, counters });
  const users = new UserDirectory();
  return {
    clock,
    log,
    limits,
    database,
    writer,
    bus,
    opaque,
    tokens: new SessionTokens(tokenSecret, tokenLifetimeMs),
    revoked: new RevokedSessions(tokenLifetimeMs),
    gate: new LoginGate(limits.logins, clock),
    sendBudgets: new Budgets(limits.sends),
    strangers: new Map(),
    users,
    memberships: new Coalescer(async (users) => byUser(await groupsOfUsers(database, users))),
    groups,
    fanOut,
    presence: new Presence({ transport, database, groups, users, bus, log }),
    counters,
    isDatabaseAway,
  };
}

/** What a server does with what the bus brings; it passes frames about servers to `aboutServers`. */
export function busEvents(
  server: ServerContext,
  aboutServers: (from: ServerId, frame: FrameAboutServers) => void = () => {},
): BusEvents {
  const cursor = new DeliverCursor();
  return {
    delivered(frame) {
      const fault = cursor.begin(frame);
      if (fault) return server.log.error({ fault }, "another server sent a broken DELIVER");
      const { group, firstSeq, count } = cursor;
      server.fanOut.deliverFromElsewhere({ group, frame, lastSeq: seqPlus(firstSeq, count - 1), count });
    },
    received(from, frame) {
      switch (frame.kind) {
        case "changed":
          return applyChange(server, frame);
        case "presenceWatch":
        case "presence":
        case "cursors":
        case "typing":
          return server.presence.received(from, frame);
        case "revoked":
          return endSession(server, frame.session);
        case "heartbeat":
        case "bye":
          return aboutServers(from, frame);
        default:
          frame satisfies never;
      }
    },
    subscribed: (from, groups) => server.presence.subscribed(from, groups),
    gone: (from) => server.presence.gone(from),
  };
}

/** Reads which sessions were ended elsewhere, and ends the connections of those whose `revoked` frame the bus has lost. */
export async function refreshRevoked(server: ServerContext): Promise<void> {
  try {
    for (const session of await server.revoked.refresh(server.database, server.clock.now()))
      endSession(server, session);
  } catch (cause) {
    server.log.debug({ cause: messageOf(cause) }, "revoked sessions could not be read");
  }
}

function byUser(memberships: readonly GroupOfUser[]): ReadonlyMap<UserId, readonly GroupOfUser[]> {
  const groups = new Map<UserId, GroupOfUser[]>();
  for (const membership of memberships) pushTo(groups, membership.user, membership);
  return groups;
}
