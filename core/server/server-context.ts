import type { OpaqueServer } from "../e2ee/opaque-server.ts";
import type { Clock } from "../platform/clock.ts";
import type { Coalescer } from "../platform/coalescer.ts";
import type { Log } from "../platform/log.ts";
import type { DatabaseAccess } from "../store/database.ts";
import type { GroupOfUser } from "../store/groups.ts";
import type { IngestWriter } from "../store/ingest/ingest-writer.ts";
import type { UserId } from "../wire/ids.ts";
import type { Bus } from "./bus.ts";
import type { Counters } from "./counters.ts";
import type { FanOut } from "./groups/fan-out.ts";
import type { GroupDirectory } from "./groups/group-directory.ts";
import type { Presence } from "./groups/presence.ts";
import type { BudgetLimit, Budgets } from "./sessions/budget.ts";
import type { LoginGate } from "./sessions/login-gate.ts";
import type { RevokedSessions } from "./sessions/revoked-sessions.ts";
import type { Session } from "./sessions/session.ts";
import type { SessionTokens } from "./sessions/tokens.ts";
import type { UserDirectory } from "./sessions/user-directory.ts";

/** The parts of one server that its sessions use. */
export interface ServerContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ServerLimits;
  readonly database: DatabaseAccess;
  readonly writer: MessageWriter;
  readonly bus: Bus;
  readonly opaque: OpaqueServer;
  readonly tokens: SessionTokens;
  readonly revoked: RevokedSessions;
  readonly gate: LoginGate;
  readonly sendBudgets: Budgets<UserId>;
  /** Connections that have not logged in, with the time of their arrival, in that order. */
  readonly strangers: Map<Session, number>;
  readonly users: UserDirectory;
  /** Reads the groups of a user from the database. */
  readonly memberships: Pick<Coalescer<UserId, readonly GroupOfUser[]>, "get">;
  readonly groups: GroupDirectory;
  readonly fanOut: FanOut;
  readonly presence: Presence;
  readonly counters: Counters;
  /** Whether an error says that the database is away, rather than that a statement is wrong. */
  isDatabaseAway(cause: unknown): boolean;
}

export type MessageWriter = Pick<IngestWriter<Session>, "append" | "waiting" | "away">;

export interface ServerLimits {
  readonly connectionsMax: number;
  /** The budget for SENDs of one user, over all connections to this server. */
  readonly sends: BudgetLimit;
  /** The budget for failed logins of one name. */
  readonly logins: BudgetLimit;
}
