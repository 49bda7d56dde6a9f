import { revokeSession } from "../../store/sessions.ts";
import { readBackup, saveBackup as storeBackup } from "../../store/users.ts";
import type { RequestFrame } from "../../wire/client-frame.ts";
import type { UserId } from "../../wire/ids.ts";
import type { ServerContext } from "../server-context.ts";
import type { ClientSession } from "../sessions/client-session.ts";
import type { Reply } from "./reply.ts";

/** Whose account it is, and how the connection became theirs. */
export interface AccountHolder {
  readonly connection: ClientSession;
  readonly user: UserId;
  /** Of the session that this connection resumed or began. */
  readonly sessionId: Uint8Array;
  /** Whether this connection has shown that it knows the password, rather than a token. */
  readonly byPassword: boolean;
}

/** What a logged-in user may ask about their own account. */
export async function logOut(
  server: ServerContext,
  { sessionId, connection }: AccountHolder,
  request: number,
): Promise<Reply<"logOut">> {
  await revokeSession(server.database, sessionId);
  endSession(server, sessionId, connection);
  server.bus.tellAll({ kind: "revoked", session: sessionId });
  return { kind: "done", request };
}

export async function fetchBackup(
  server: ServerContext,
  { user }: AccountHolder,
  request: number,
): Promise<Reply<"fetchBackup">> {
  return { kind: "backup", request, backup: await readBackup(server.database, user) };
}

export async function saveBackup(
  server: ServerContext,
  { user }: AccountHolder,
  { request, backup }: RequestFrame<"saveBackup">,
): Promise<Reply<"saveBackup">> {
  await storeBackup(server.database, user, backup);
  return { kind: "done", request };
}

/**
 * Ends a session, which was ended here or at another server: its token resumes nothing from now on, and each of its
 * connections is closed, except `kept`, the connection whose user asked for it.
 */
export function endSession(server: ServerContext, id: Uint8Array, kept?: ClientSession): void {
  server.revoked.add(id, server.clock.now());
  for (const session of server.users.all()) {
    if (session !== kept && session.isOfSession(id)) session.end("token_invalid", "this session was ended");
  }
}
