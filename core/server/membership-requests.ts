import type { KeyObject } from "node:crypto";
import { entryHash, isSignedBy } from "../e2ee/entry-check.ts";
import { openPublicIdentity } from "../e2ee/public-identity.ts";
import { changeGroup, readKeys, readLog, type StagedKey } from "../store/membership-log.ts";
import { findUsers } from "../store/users.ts";
import { readUint64 } from "../wire/bytes.ts";
import type { ColdClientFrame } from "../wire/client-frame.ts";
import type { ClientMessageId, GroupId, UserId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import { parseEntry } from "../wire/membership-entry.ts";
import { messageTypes } from "../wire/send-frame.ts";
import type { ColdServerFrame } from "../wire/server-frame.ts";
import { canonicalUserName } from "../wire/user-name.ts";
import { announceChange } from "./changes.ts";
import type { ClientSession } from "./client-session.ts";
import { busyRetryMs, refusal } from "./reply.ts";
import type { ServerContext } from "./server-context.ts";

type Asked<Kind extends ColdClientFrame["kind"]> = Extract<ColdClientFrame, { kind: Kind }>;

/** What a logged-in user may ask about people and groups. */
export class MembershipRequests {
  readonly #server: ServerContext;
  readonly #session: ClientSession;
  readonly #user: UserId;
  /** Wrapped keys for changes to come. */
  readonly #staged = new Map<GroupId, StagedKey[]>();
  #signingKey: KeyObject | undefined;

  constructor(server: ServerContext, session: ClientSession, user: UserId) {
    this.#server = server;
    this.#session = session;
    this.#user = user;
  }

  async findUsers({ request, names = [], ids = [] }: Asked<"findUsers">): Promise<ColdServerFrame> {
    const canonical = names.map((name) => {
      const checked = canonicalUserName(name);
      return checked.ok ? checked.value : "";
    });
    const found = await findUsers(this.#server.database, { names: canonical, ids });
    const byName = new Map(found.map((user) => [user.name, user]));
    const byId = new Map(found.map((user) => [user.id, user]));
    const asked = [...canonical.map((name) => byName.get(name)), ...ids.map((id) => byId.get(id))];
    return {
      kind: "users",
      request,
      users: asked.map((user) => (user ? { user: user.id, name: user.name, identity: user.identity } : null)),
    };
  }

  async groups({ request }: Asked<"groups">): Promise<ColdServerFrame> {
    const groups = await this.#session.enterGroups();
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

  stageKeys({ request, group, keys }: Asked<"stageKeys">): ColdServerFrame {
    let count = keys.length;
    for (const staged of this.#staged.values()) count += staged.length;
    if (count > limits.stagedKeysMax) {
      return refusal(request, "busy", `at most ${limits.stagedKeysMax} keys wait for their change`, busyRetryMs);
    }
    this.#staged.set(group, [...(this.#staged.get(group) ?? []), ...keys]);
    return { kind: "done", request };
  }

  async change({ request, entry: bytes }: Asked<"change">): Promise<ColdServerFrame> {
    const parsed = parseEntry(bytes);
    if (!parsed.ok) return refusal(request, "invalid_change", parsed.reason);
    const { entry } = parsed.value;
    const keys = this.#staged.get(entry.group) ?? [];
    this.#staged.delete(entry.group);
    if (entry.actor !== this.#user) return refusal(request, "not_allowed", "the entry is in another user's name");
    if (!isSignedBy(parsed.value, await this.#ownSigningKey())) {
      return refusal(request, "invalid_change", "the entry is not signed by its actor");
    }
    const hash = entryHash(bytes);
    const clientMessageId = readUint64(hash, 0) as ClientMessageId;
    const sentAt = this.#server.clock.now();
    const result = await changeGroup(this.#server.database, { entry, bytes, hash, keys, sentAt, clientMessageId });
    if (!result.ok) return refusal(request, result.reason.code, result.reason.detail);

    const { seq, epoch, joined, left } = result.value;
    announceChange(
      this.#server,
      { group: entry.group, index: entry.index, epoch, seq, joined, left },
      { sender: this.#user, clientMessageId, type: messageTypes.membership, sentAt, epoch, payload: bytes },
    );
    return { kind: "changed", request, group: entry.group, seq, epoch, index: entry.index };
  }

  async log({ request, group: id, from }: Asked<"log">): Promise<ColdServerFrame> {
    const group = await this.#session.memberOf(id);
    if (!group) return refusal(request, "not_a_member", "not a group of yours");
    const entries = await readLog(this.#server.database, { group: id, from, countMax: limits.logPageMax });
    const fitting = takeBytes(entries, ({ entry }) => entry.length, limits.frameBytesMax / 2);
    return { kind: "log", request, group: id, length: group.logLength, entries: fitting };
  }

  async keys({ request, group: id, from }: Asked<"keys">): Promise<ColdServerFrame> {
    const group = await this.#session.memberOf(id);
    if (!group) return refusal(request, "not_a_member", "not a group of yours");
    const countMax = limits.keysPageMax;
    const keys = await readKeys(this.#server.database, { group: id, user: this.#user, from, countMax });
    return { kind: "keys", request, group: id, keys, more: keys.length === countMax };
  }

  async #ownSigningKey(): Promise<KeyObject> {
    if (this.#signingKey) return this.#signingKey;
    const [user] = await findUsers(this.#server.database, { ids: [this.#user] });
    const identity = user && openPublicIdentity(user.identity);
    if (!identity?.ok) throw new Error(`the stored identity of user ${this.#user} cannot be read`);
    this.#signingKey = identity.value.signing;
    return this.#signingKey;
  }
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
