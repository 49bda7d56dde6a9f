import type { Database } from "../../../store/database.ts";
import type { Epoch, GroupId, Seq, UserId } from "../../../wire/ids.ts";

/** A group as the database has it. */
export interface StoredGroup {
  readonly id: GroupId;
  readonly epoch: Epoch;
  readonly lastSeq: Seq;
  readonly keyed: boolean;
  readonly logLength: number;
  readonly head: Uint8Array;
  readonly members: ReadonlyMap<UserId, { readonly admin: boolean; readonly readSeq: Seq }>;
}

/** The groups as the database had them when they were read last. */
export class StoredGroups {
  readonly #database: Database;
  /** By group and user: the seq of the entry by which the user left or was removed last. */
  readonly #removedAt = new Map<string, Seq>();
  #groups: ReadonlyMap<GroupId, StoredGroup> = new Map();

  constructor(database: Database) {
    this.#database = database;
  }

  get(id: GroupId): StoredGroup | undefined {
    return this.#groups.get(id);
  }

  get ids(): GroupId[] {
    return [...this.#groups.keys()];
  }

  /** The groups of which somebody is a member. */
  ofMember(user: UserId): StoredGroup[] {
    return [...this.#groups.values()].filter(({ members }) => members.has(user));
  }

  /** The seq of the entry by which the user left the group, or was removed from it, last. */
  removedAt(group: GroupId, user: UserId): Seq | undefined {
    return this.#removedAt.get(`${group} ${user}`);
  }

  async read(): Promise<void> {
    const groups = await this.#database.query<Omit<StoredGroup, "members">>({
      text: `SELECT id, epoch, last_seq AS "lastSeq", keyed, log_length AS "logLength", log_head AS head FROM groups`,
    });
    const members = await this.#database.query<{ group: GroupId; user: UserId; admin: boolean; readSeq: Seq }>({
      text: `SELECT group_id AS "group", user_id AS "user", admin, read_seq AS "readSeq" FROM memberships`,
    });
    const membersOf = (id: GroupId) =>
      new Map(
        members
          .filter(({ group }) => group === id)
          .map(({ user, admin, readSeq }) => [user, { admin, readSeq }] as const),
      );
    const before = this.#groups;
    this.#groups = new Map(groups.map((group) => [group.id, { ...group, members: membersOf(group.id) }]));
    for (const [id, group] of this.#groups) {
      for (const user of before.get(id)?.members.keys() ?? []) {
        if (!group.members.has(user)) this.#removedAt.set(`${id} ${user}`, group.lastSeq);
      }
    }
  }

  /** Whether the database has a message with this id at a seq of a group. */
  async hasMessage(group: GroupId, seq: Seq, id: bigint): Promise<boolean> {
    const [row] = await this.#database.query<{ id: string }>({
      text: "SELECT client_message_id::text AS id FROM messages WHERE group_id = $1 AND seq = $2",
      values: [group, seq],
    });
    return row?.id === String(BigInt.asIntN(64, id));
  }
}
