import type { OpaqueServer } from "../../e2ee/opaque-server.ts";
import { silentLog } from "../../platform/log.ts";
import { refused } from "../../platform/result.ts";
import type { DatabaseAccess, Query } from "../../store/database.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { epoch, type GroupId, seq, type UserId } from "../../wire/ids.ts";
import { assembleServer, type ServerParts } from "../assemble.ts";
import type { Bus, ServerId } from "../bus.ts";
import type { ServerContext } from "../server-context.ts";
import type { FollowedGroup, Session } from "../sessions/session.ts";
import type { Connection } from "../transport/transport.ts";

// What tests put in the place of a server's parts. Each does nothing, but for what a test gives it.

export function connectionDouble(of: Partial<Connection> = {}): Connection {
  return {
    remoteAddress: "127.0.0.1",
    send() {},
    together: (write) => write(),
    subscribe() {},
    unsubscribe() {},
    end() {},
    ...of,
  };
}

export function sessionDouble(of: Partial<Session> = {}): Session {
  return {
    connection: connectionDouble(),
    user: undefined,
    isOfSession: () => false,
    enterGroup: () => true,
    leaveGroup() {},
    reject() {},
    stored() {},
    noteBehind() {},
    goAway() {},
    end() {},
    ...of,
  };
}

/** What a session is told of a user who has logged in. */
export const claimsOf = (user: UserId, name: string) => ({ id: new Uint8Array(16), user, name, expiresAt: 0 });

/** A message as the database has it. */
export function messageRow(sender: UserId, at: number, payload: Uint8Array = Buffer.alloc(1)) {
  return { sender, clientMessageId: "1", epoch: epoch(1), type: 0, sentAt: 1, payload, seq: seq(at) };
}

export function followedGroup(id: GroupId, members: readonly UserId[]): FollowedGroup {
  return {
    id,
    topic: `g${id}`,
    presenceTopic: `p${id}`,
    epoch: epoch(1),
    lastSeq: seq(0),
    deliveredSeq: seq(0),
    logLength: 1,
    members: new Set(members),
    sessions: new Set(),
    idleSinceMs: 0,
  };
}

/** A bus that sends nothing and brings nothing. */
export function deafBus(self: ServerId): Bus {
  return {
    self,
    subscribe: async () => {},
    unsubscribe() {},
    deliver: () => 0,
    send() {},
    publish() {},
    broadcast() {},
    listen() {},
  };
}

/** A database whose rows are what a test answers to a query. */
export function databaseDouble(
  answer: (query: Query) => Promise<readonly object[]>,
  of: Partial<DatabaseAccess> = {},
): DatabaseAccess {
  const database: DatabaseAccess = {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type of a query's rows is the caller's word, as it is with PostgreSQL
    query: async <Row extends object>(query: Query) => (await answer(query)) as Row[],
    transaction: (work) => work(database),
    copy: async () => {},
    copyOut: async () => Buffer.alloc(0),
    ...of,
  };
  return database;
}

const busy = async () => refused("busy" as const);

/** Refuses every step of every login. */
export const busyOpaque: OpaqueServer = {
  registrationResponse: busy,
  checkRecord: busy,
  startLogin: busy,
  finishLogin: busy,
  waiting: async () => 0,
};

/** A server whose database answers as the test says: it takes no messages in, and no other server hears of it. */
export function serverDouble(database: DatabaseAccess, of: Partial<ServerParts> = {}): ServerContext {
  return assembleServer({
    transport: { publish() {} },
    database,
    writer: { append: () => false, waiting: 0, away: false },
    bus: deafBus("s0"),
    opaque: busyOpaque,
    clock: new FakeClock(),
    log: silentLog,
    limits: { connectionsMax: 1, sends: { burst: 1, perSecond: 1 }, logins: { burst: 1, perSecond: 1 } },
    tokenSecret: new Uint8Array(32),
    tokenLifetimeMs: 1e9,
    ...of,
  });
}
