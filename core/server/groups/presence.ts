import { messageOf } from "../../platform/failure.ts";
import { pushTo } from "../../platform/lists-by-key.ts";
import type { Log } from "../../platform/log.ts";
import { cursorsOf, type ReadCursor, saveCursors } from "../../store/cursors.ts";
import type { Queryable } from "../../store/database.ts";
import type { GroupId, Seq, UserId } from "../../wire/ids.ts";
import { encodeServerFrame } from "../../wire/server-frame.ts";
import type { Bus, BusFrame, ServerId } from "../bus.ts";
import type { FollowedGroup, Session } from "../sessions/session.ts";
import type { UserDirectory } from "../sessions/user-directory.ts";
import type { Transport } from "../transport/transport.ts";
import type { GroupDirectory } from "./group-directory.ts";

/**
 * News of presence, cursors and typing are gathered for this long, so that sessions that watch the group get them in few frames.
 */
const gatherMs = 100;

/** A frame has at most this many cursors; the rest go into the next. */
const cursorsPerFrame = 1000;

/** What presence needs of a server. */
export interface PresenceParts {
  readonly transport: Pick<Transport, "publish">;
  readonly database: Queryable;
  readonly groups: Pick<GroupDirectory, "get">;
  readonly users: Pick<UserDirectory, "of">;
  readonly bus: Pick<Bus, "publish" | "send">;
  readonly log: Log;
}

/** The watchers of a group's presence: sessions here, and other servers that have such sessions. */
interface PresenceWatch {
  readonly sessions: Set<Session>;
  /** The servers that watch the group, each with the members connected here that it was last sent. */
  readonly servers: Map<ServerId, Set<UserId>>;
  /** Members connected to other servers, by server. */
  readonly elsewhere: Map<ServerId, Set<UserId>>;
  /** The online members that were last sent to the sessions here. */
  shown: Set<UserId>;
}

/**
 * Shows sessions that watch a group which members are online, how far each has read, and who is writing. A group that no
 * session watches costs nothing, however many of its members come and go.
 */
export class Presence {
  readonly #watches = new Map<GroupId, PresenceWatch>();
  readonly #changed = new Set<GroupId>();
  readonly #read = new Map<GroupId, Map<UserId, Seq>>();
  /** Members connected here who are writing, of groups that somebody watches. */
  readonly #typing = new Map<GroupId, Set<UserId>>();
  readonly #transport: Pick<Transport, "publish">;
  readonly #database: Queryable;
  readonly #groups: Pick<GroupDirectory, "get">;
  readonly #users: Pick<UserDirectory, "of">;
  readonly #bus: PresenceParts["bus"];
  readonly #log: Log;
  #saving = false;

  constructor(parts: PresenceParts) {
    this.#transport = parts.transport;
    this.#database = parts.database;
    this.#groups = parts.groups;
    this.#users = parts.users;
    this.#bus = parts.bus;
    this.#log = parts.log;
  }

  /** How often {@link flush} is to be called, in milliseconds. */
  static readonly periodMs = gatherMs;

  /**
   * A session watches a group: sends it who is online and how far each member has read. Watching it again sends both again: the
   * first time the database may have been away.
   */
  async watch(session: Session, group: FollowedGroup): Promise<void> {
    const watch = this.#watchOf(group.id);
    if (watch.sessions.size === 0) {
      this.#bus.publish(group.id, { kind: "presenceWatch", group: group.id, watching: true });
    }
    // First the other sessions get the changes so far: from here on all sessions know the same, and each change is sent to all.
    this.#showPresence(group.id);
    const online = onlineIn(group, watch);
    watch.shown = online;
    watch.sessions.add(session);
    session.connection.subscribe(group.presenceTopic);
    session.connection.send(encodeServerFrame({ kind: "presence", group: group.id, online: [...online], offline: [] }));
    const cursors = await cursorsOf(this.#database, group.id);
    if (!watch.sessions.has(session)) return;
    session.connection.send(
      encodeServerFrame({ kind: "cursors", group: group.id, cursors: cursors.map(({ user, seq }) => [user, seq]) }),
    );
  }

  unwatch(session: Session, group: FollowedGroup): void {
    const watch = this.#watches.get(group.id);
    if (!watch?.sessions.delete(session)) return;
    session.connection.unsubscribe(group.presenceTopic);
    if (watch.sessions.size > 0) return;
    this.#bus.publish(group.id, { kind: "presenceWatch", group: group.id, watching: false });
    watch.elsewhere.clear();
    watch.shown.clear();
    if (watch.servers.size === 0) this.#watches.delete(group.id);
  }

  /** A session of a member has entered the group here, or left it. */
  sessionsChanged(group: GroupId): void {
    if (this.#watches.has(group)) this.#changed.add(group);
  }

  /** A member has read a group up to a seq. */
  read({ group, user, seq }: ReadCursor): void {
    let cursors = this.#read.get(group);
    if (!cursors) {
      cursors = new Map();
      this.#read.set(group, cursors);
    }
    if (seq > (cursors.get(user) ?? 0)) cursors.set(user, seq);
  }

  /** A member connected here is writing something. */
  typing(group: GroupId, user: UserId): void {
    if (!this.#watches.has(group)) return;
    const users = this.#typing.get(group);
    if (users) users.add(user);
    else this.#typing.set(group, new Set([user]));
  }

  /** Another server has sent a frame about a group that sessions here or there watch. */
  received(
    from: ServerId,
    frame: Extract<BusFrame, { kind: "presenceWatch" | "presence" | "cursors" | "typing" }>,
  ): void {
    switch (frame.kind) {
      case "presenceWatch":
        return this.#watchedFrom(from, frame.group, frame.watching);
      case "presence": {
        const watch = this.#watches.get(frame.group);
        if (!watch || watch.sessions.size === 0) return;
        let users = watch.elsewhere.get(from);
        // What came before answered an earlier watch, and may be out of date.
        if (!users || frame.complete) {
          users = new Set();
          watch.elsewhere.set(from, users);
        }
        for (const user of frame.online) users.add(user);
        for (const user of frame.offline) users.delete(user);
        this.#changed.add(frame.group);
        return;
      }
      case "cursors":
        this.#showCursors(frame.group, frame.cursors);
        return this.#tellReaders(frame.group, frame.cursors, 1);
      case "typing":
        return this.#showTyping(frame.group, frame.users);
      default:
        frame satisfies never;
    }
  }

  /** A server has subscribed to groups; this one sends it which of them sessions here watch. */
  subscribed(server: ServerId, groups: readonly GroupId[]): void {
    for (const group of groups) {
      const watch = this.#watches.get(group);
      if (watch && watch.sessions.size > 0) this.#bus.send(server, { kind: "presenceWatch", group, watching: true });
    }
  }

  /** A server has gone, and with it the members connected to it. */
  gone(server: ServerId): void {
    for (const [group, watch] of this.#watches) {
      watch.servers.delete(server);
      if (watch.elsewhere.delete(server)) this.#changed.add(group);
      if (watch.servers.size === 0 && watch.sessions.size === 0) this.#watches.delete(group);
    }
  }

  /** Sends the news that have gathered. */
  flush(): void {
    for (const id of this.#changed) this.#showPresence(id);
    this.#changed.clear();
    for (const [group, users] of this.#typing) this.#shareTyping(group, [...users]);
    this.#typing.clear();
    void this.#saveRead();
  }

  #watchedFrom(server: ServerId, id: GroupId, watching: boolean): void {
    const watch = this.#watchOf(id);
    if (!watching) {
      watch.servers.delete(server);
      if (watch.servers.size === 0 && watch.sessions.size === 0) this.#watches.delete(id);
      return;
    }
    const here = this.#usersHere(id);
    watch.servers.set(server, here);
    this.#bus.send(server, { kind: "presence", group: id, complete: true, online: [...here], offline: [] });
  }

  #showPresence(id: GroupId): void {
    const watch = this.#watches.get(id);
    if (!watch) return;
    const group = this.#groups.get(id);
    if (group && watch.sessions.size > 0) {
      const online = onlineIn(group, watch);
      const change = difference(watch.shown, online);
      watch.shown = online;
      if (change)
        this.#transport.publish(group.presenceTopic, encodeServerFrame({ kind: "presence", group: id, ...change }));
    }
    const here = this.#usersHere(id);
    for (const [server, known] of watch.servers) {
      const change = difference(known, here);
      watch.servers.set(server, here);
      if (change) this.#bus.send(server, { kind: "presence", group: id, complete: false, ...change });
    }
  }

  async #saveRead(): Promise<void> {
    if (this.#saving || this.#read.size === 0) return;
    this.#saving = true;
    const read = [...this.#read];
    this.#read.clear();
    try {
      const all = read.flatMap(([group, users]) => [...users].map(([user, seq]) => ({ group, user, seq })));
      const moved = new Map<GroupId, [UserId, Seq][]>();
      for (const { group, user, seq } of await saveCursors(this.#database, all)) {
        pushTo(moved, group, [user, seq]);
      }
      for (const [group, cursors] of moved) {
        this.#showCursors(group, cursors);
        // Who is connected once has said it themselves.
        this.#tellReaders(group, cursors, 2);
        this.#bus.publish(group, { kind: "cursors", group, cursors });
      }
    } catch (cause) {
      this.#log.warn({ cause: messageOf(cause) }, "read cursors could not be kept; trying again");
      for (const [group, users] of read) for (const [user, seq] of users) this.read({ group, user, seq });
    } finally {
      this.#saving = false;
    }
  }

  #showCursors(id: GroupId, cursors: readonly (readonly [UserId, Seq])[]): void {
    const watch = this.#watches.get(id);
    const group = this.#groups.get(id);
    if (!group || !watch || watch.sessions.size === 0) return;
    for (let from = 0; from < cursors.length; from += cursorsPerFrame) {
      const page = cursors.slice(from, from + cursorsPerFrame);
      this.#transport.publish(group.presenceTopic, encodeServerFrame({ kind: "cursors", group: id, cursors: page }));
    }
  }

  /** How far a user has read is for all of their machines, also those that do not watch the group. */
  #tellReaders(id: GroupId, cursors: readonly (readonly [UserId, Seq])[], sessionsMin: number): void {
    const group = this.#groups.get(id);
    if (!group) return;
    const watching = this.#watches.get(id)?.sessions;
    for (const cursor of cursors) {
      const sessions = this.#users.of(cursor[0]);
      if (sessions.length < sessionsMin) continue;
      const frame = encodeServerFrame({ kind: "cursors", group: id, cursors: [cursor] });
      for (const session of sessions) {
        if (group.sessions.has(session) && !watching?.has(session)) session.connection.send(frame);
      }
    }
  }

  #shareTyping(group: GroupId, users: readonly UserId[]): void {
    this.#showTyping(group, users);
    for (const server of this.#watches.get(group)?.servers.keys() ?? []) {
      this.#bus.send(server, { kind: "typing", group, users: [...users] });
    }
  }

  /** All of `users` are members, so one frame has room for them. */
  #showTyping(id: GroupId, users: readonly UserId[]): void {
    const group = this.#groups.get(id);
    if (!group || !this.#watches.get(id)?.sessions.size) return;
    this.#transport.publish(group.presenceTopic, encodeServerFrame({ kind: "typing", group: id, users: [...users] }));
  }

  /** The members connected here; none of a group that this server follows no more. */
  #usersHere(id: GroupId): Set<UserId> {
    const group = this.#groups.get(id);
    return group ? localUsers(group) : new Set();
  }

  #watchOf(id: GroupId): PresenceWatch {
    let watch = this.#watches.get(id);
    if (!watch) {
      watch = { sessions: new Set(), servers: new Map(), elsewhere: new Map(), shown: new Set() };
      this.#watches.set(id, watch);
    }
    return watch;
  }
}

function localUsers(group: FollowedGroup): Set<UserId> {
  const users = new Set<UserId>();
  for (const { user } of group.sessions) if (user !== undefined) users.add(user);
  return users;
}

function onlineIn(group: FollowedGroup, watch: PresenceWatch): Set<UserId> {
  const online = localUsers(group);
  for (const users of watch.elsewhere.values()) for (const user of users) online.add(user);
  return online;
}

function difference(before: ReadonlySet<UserId>, after: ReadonlySet<UserId>) {
  const online = [...after].filter((user) => !before.has(user));
  const offline = [...before].filter((user) => !after.has(user));
  return online.length + offline.length > 0 ? { online, offline } : undefined;
}
