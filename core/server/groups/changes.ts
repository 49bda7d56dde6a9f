import type { Log } from "../../platform/log.ts";
import type { DeliveredMessage } from "../../wire/deliver-frame.ts";
import type { GroupId, UserId } from "../../wire/ids.ts";
import type { Changed } from "../../wire/link-frame.ts";
import { encodeServerFrame } from "../../wire/server-frame.ts";
import type { Bus } from "../bus.ts";
import type { FollowedGroup } from "../sessions/session.ts";
import type { UserDirectory } from "../sessions/user-directory.ts";
import { committedFrame } from "./committed-frames.ts";
import type { FanOut } from "./fan-out.ts";
import type { GroupDirectory } from "./group-directory.ts";

/** What changes of groups have to do with: the groups, who is connected, and how both hear of it. */
export interface ChangeParts {
  readonly groups: GroupDirectory;
  readonly users: UserDirectory;
  readonly fanOut: FanOut;
  readonly bus: Bus;
  readonly log: Log;
}

/** A change committed here: its members are told, then those who joined or left, here and on every other server. */
export function announceChange(server: ChangeParts, change: Omit<Changed, "kind">, entry: DeliveredMessage): void {
  server.fanOut.deliver([committedFrame(change.group, change.seq, [entry])]);
  server.bus.broadcast({ kind: "changed", ...change });
  followChange(server, change);
}

/** A change committed anywhere: brings what this server knows of the group, and who is subscribed to it, in line. */
export function followChange(server: ChangeParts, change: Omit<Changed, "kind">): void {
  const known = server.groups.get(change.group) !== undefined;
  const group = server.groups.apply(change);
  if (group) subscribeMembers(server, group, change);
  else if (known) void reloadGroup(server, change);
  else if (change.joined.some((user) => server.users.of(user).length > 0)) void reloadGroup(server, change);
}

/**
 * Reads a group again that this server may be behind of, and lets in and lets go whom that concerns: who it is read for
 * does not matter. Undefined when there is no such group.
 */
export async function refreshGroup(server: ChangeParts, id: GroupId): Promise<FollowedGroup | undefined> {
  const known = await server.groups.follow(id);
  const before = new Set(known?.members);
  const group = await server.groups.reload(id);
  if (group) subscribeMembers(server, group, { joined: [...group.members].filter((user) => !before.has(user)) });
  return group;
}

/**
 * The group, if the user is a member of it. What this server knows may be older than what the user has been told elsewhere,
 * so nobody is called a stranger before the database has been asked.
 */
export async function groupOfMember(
  server: ChangeParts,
  id: GroupId,
  user: UserId,
): Promise<FollowedGroup | undefined> {
  const known = await server.groups.follow(id);
  const group = known && !known.members.has(user) ? await refreshGroup(server, id) : known;
  return group?.members.has(user) ? group : undefined;
}

/** Reads a group whose entries did not all arrive here. */
async function reloadGroup(server: ChangeParts, change: Omit<Changed, "kind">): Promise<void> {
  try {
    const group = await refreshGroup(server, change.group);
    if (group) subscribeMembers(server, group, change);
  } catch (cause) {
    server.log.warn({ cause, group: change.group }, "a changed group could not be read; the sweep will");
  }
}

/** Lets in whom the group now has, and lets go whom it has not. */
export function subscribeMembers(server: ChangeParts, group: FollowedGroup, { joined }: Pick<Changed, "joined">): void {
  for (const session of [...group.sessions]) {
    if (session.user !== undefined && group.members.has(session.user)) continue;
    // The frame goes out behind the DELIVER of the entry that says why; only then is the topic left.
    session.connection.send(encodeServerFrame({ kind: "left", group: group.id, epoch: group.epoch }));
    session.leaveGroup(group);
  }
  const { id, epoch, lastSeq, logLength } = group;
  for (const user of joined) {
    if (!group.members.has(user)) continue;
    for (const session of server.users.of(user)) {
      if (!session.enterGroup(group)) continue;
      session.connection.send(encodeServerFrame({ kind: "joined", group: id, epoch, lastSeq, logLength }));
    }
  }
}
