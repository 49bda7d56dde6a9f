import { messageOf } from "../../platform/failure.ts";
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

/** What reading a group, and subscribing its members, needs of a server. */
export interface MembershipParts {
  readonly groups: Pick<GroupDirectory, "follow" | "reload">;
  readonly users: Pick<UserDirectory, "of">;
}

/** What changes of groups need of a server. */
export interface ChangeParts extends MembershipParts {
  readonly groups: Pick<GroupDirectory, "apply" | "follow" | "get" | "reload">;
  readonly fanOut: Pick<FanOut, "deliver">;
  readonly bus: Pick<Bus, "broadcast">;
  readonly log: Log;
}

/**
 * Announces a change that this server committed: delivers its entry to the members, and applies it here and at every other
 * server.
 */
export function announceChange(server: ChangeParts, change: Omit<Changed, "kind">, entry: DeliveredMessage): void {
  server.fanOut.deliver([committedFrame(change.group, change.seq, [entry])]);
  server.bus.broadcast({ kind: "changed", ...change });
  applyChange(server, change);
}

/**
 * Applies a change that any server committed to what this server knows of the group, and to the sessions that are subscribed to
 * it.
 */
export function applyChange(server: ChangeParts, change: Omit<Changed, "kind">): void {
  const known = server.groups.get(change.group) !== undefined;
  const group = server.groups.apply(change);
  if (group) subscribeMembers(server, group, change);
  else if (known) void reloadGroup(server, change);
  else if (change.joined.some((user) => server.users.of(user).length > 0)) void reloadGroup(server, change);
}

/**
 * Reads a group again when this server may be behind, and subscribes or unsubscribes all sessions that this concerns, not only
 * the one for which it is read. `admitted` are subscribed also if this server has learned already that they are members. Undefined
 * when there is no such group.
 */
export async function refreshGroup(
  server: MembershipParts,
  id: GroupId,
  admitted: readonly UserId[] = [],
): Promise<FollowedGroup | undefined> {
  const known = await server.groups.follow(id);
  const before = new Set(known?.members);
  const group = await server.groups.reload(id);
  if (!group) return undefined;
  const joined = [...group.members].filter((user) => !before.has(user));
  subscribeMembers(server, group, { joined: [...joined, ...admitted] });
  return group;
}

/**
 * The group, if the user is a member of it. The user may have learned of an admission from another server before this one does,
 * so it asks the database before it refuses somebody as no member.
 */
export async function groupOfMember(
  server: MembershipParts,
  id: GroupId,
  user: UserId,
): Promise<FollowedGroup | undefined> {
  const known = await server.groups.follow(id);
  const group = known && !known.members.has(user) ? await refreshGroup(server, id) : known;
  return group?.members.has(user) ? group : undefined;
}

/** Reads a group again of which this server lacks entries. */
async function reloadGroup(server: ChangeParts, change: Omit<Changed, "kind">): Promise<void> {
  try {
    await refreshGroup(server, change.group, change.joined);
  } catch (cause) {
    server.log.warn(
      { cause: messageOf(cause), group: change.group },
      "a changed group could not be read; the sweep will try again",
    );
  }
}

/** Unsubscribes the sessions of users who are members no more, and subscribes those of the members who have joined. */
export function subscribeMembers(
  server: Pick<MembershipParts, "users">,
  group: FollowedGroup,
  { joined }: Pick<Changed, "joined">,
): void {
  for (const session of [...group.sessions]) {
    if (session.user !== undefined && group.members.has(session.user)) continue;
    // `left` is sent after the DELIVER of the entry that removed the user; only then does the session unsubscribe from the topic.
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
