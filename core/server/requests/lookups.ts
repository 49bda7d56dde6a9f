import { readKeys, readLog } from "../../store/membership-log.ts";
import { findUsers as findStoredUsers } from "../../store/users.ts";
import type { RequestFrame } from "../../wire/client-frame.ts";
import type { UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { canonicalUserName } from "../../wire/user-name.ts";
import type { ServerContext } from "../server-context.ts";
import type { ClientSession } from "../sessions/client-session.ts";
import { notAMember, type Reply } from "./reply.ts";

/** What a logged-in user may ask about people and groups. */
export async function findUsers(
  server: ServerContext,
  { request, names = [], ids = [] }: RequestFrame<"findUsers">,
): Promise<Reply<"findUsers">> {
  const canonical = names.map((name) => {
    const checked = canonicalUserName(name);
    return checked.ok ? checked.value : "";
  });
  const found = await findStoredUsers(server.database, { names: canonical, ids });
  const byName = new Map(found.map((user) => [user.name, user]));
  const byId = new Map(found.map((user) => [user.id, user]));
  const asked = [...canonical.map((name) => byName.get(name)), ...ids.map((id) => byId.get(id))];
  return {
    kind: "users",
    request,
    users: asked.map((user) => (user ? { user: user.id, name: user.name, identity: user.identity } : null)),
  };
}

export async function groupsOf(session: ClientSession, { request }: RequestFrame<"groups">): Promise<Reply<"groups">> {
  const groups = await session.enterGroups();
  return {
    kind: "groups",
    request,
    groups: groups.map(({ group, readSeq }) => ({
      group: group.id,
      epoch: group.epoch,
      lastSeq: group.lastSeq,
      logLength: group.logLength,
      readSeq,
    })),
  };
}

export async function log(
  server: ServerContext,
  session: ClientSession,
  { request, group: id, from }: RequestFrame<"log">,
): Promise<Reply<"log">> {
  const group = await session.memberOf(id);
  if (!group) return notAMember(request);
  // Not what this server remembers of it: a log that seems to have become shorter is taken for a lie.
  const { entries, length } = await readLog(server.database, { group: id, from, countMax: limits.logPageMax });
  // A removal may have come meanwhile, and `left` gone out.
  if (!group.sessions.has(session)) return notAMember(request);
  const fitting = takeBytes(entries, ({ entry }) => entry.length, limits.frameBytesMax / 2);
  return { kind: "log", request, group: id, length, entries: fitting };
}

export async function keys(
  server: ServerContext,
  session: ClientSession,
  { request, group: id, from }: RequestFrame<"keys">,
): Promise<Reply<"keys">> {
  const group = await session.memberOf(id);
  if (!group) return notAMember(request);
  const countMax = limits.keysPageMax;
  const keys = await readKeys(server.database, { group: id, user: session.user as UserId, from, countMax });
  if (!group.sessions.has(session)) return notAMember(request);
  return { kind: "keys", request, group: id, keys, more: keys.length === countMax };
}

/** The first items whose sizes add up to at most `bytesMax`, but never none of some. */
function takeBytes<T>(items: readonly T[], size: (item: T) => number, bytesMax: number): T[] {
  let bytes = 0;
  const count = items.findIndex((item, i) => {
    bytes += size(item);
    return i > 0 && bytes > bytesMax;
  });
  return count === -1 ? [...items] : items.slice(0, count);
}
