import { revokeOtherSessions, revokeSession } from "../store/sessions.ts";
import { credentialOf, readBackup, savePassword, saveBackup as storeBackup } from "../store/users.ts";
import type { RequestFrame } from "../wire/client-frame.ts";
import type { UserId } from "../wire/ids.ts";
import type { ClientSession } from "./client-session.ts";
import { opaqueRefusal, type Reply, refusal } from "./reply.ts";
import type { ServerContext } from "./server-context.ts";

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

/** A stolen token must not be enough to lock its owner out: whoever changes the password has just shown the old one. */
export async function passwordStart(
  server: ServerContext,
  { user, byPassword }: AccountHolder,
  { request, message }: RequestFrame<"passwordStart">,
): Promise<Reply<"passwordStart">> {
  if (!byPassword) return refusal(request, "login_required", "this connection resumed a session by its token");
  const credential = await credentialOf(server.database, user);
  if (credential === undefined) throw new Error(`user ${user} has no credential`);
  const answer = await server.opaque.registrationResponse(credential, message);
  return answer.ok
    ? { kind: "passwordStarted", request, message: answer.value }
    : opaqueRefusal(request, answer.reason);
}

export async function passwordFinish(
  server: ServerContext,
  { user, sessionId, byPassword }: AccountHolder,
  { request, record, backup }: RequestFrame<"passwordFinish">,
): Promise<Reply<"passwordFinish">> {
  if (!byPassword) return refusal(request, "login_required", "this connection resumed a session by its token");
  await savePassword(server.database, user, { record, backup });
  for (const session of await revokeOtherSessions(server.database, user, sessionId)) {
    server.bus.tellAll({ kind: "revoked", session });
    endSession(server, session);
  }
  return { kind: "done", request };
}

/** A session that was ended, here or at another server: its token resumes nothing, and its connections end, but one. */
export function endSession(server: ServerContext, id: Uint8Array, kept?: ClientSession): void {
  server.revoked.add(id, server.clock.now());
  for (const session of server.users.all()) {
    if (session !== kept && session.isOfSession(id)) session.end("token_invalid", "this session was ended");
  }
}
