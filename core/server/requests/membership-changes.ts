import type { KeyObject } from "node:crypto";
import { entryHash, isSignedBy } from "../../e2ee/entry-check.ts";
import { openPublicIdentity } from "../../e2ee/public-identity.ts";
import { changeGroup, type StagedKey } from "../../store/membership-log.ts";
import { findUsers } from "../../store/users.ts";
import { readClientMessageId } from "../../wire/id-bytes.ts";
import type { GroupId, UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { parseEntry } from "../../wire/membership-entry.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { announceChange, type ChangeParts } from "../groups/changes.ts";
import type { ServerContext } from "../server-context.ts";
import type { ReplyBody, RequestBody } from "./bodies.ts";
import { busyRetryMs, refusal } from "./refusal.ts";

/** What a user's changes of groups need of a server. */
export interface MembershipChangeParts extends ChangeParts, Pick<ServerContext, "clock" | "database"> {}

/** A user's changes of groups: keys that are staged for a change, and the entry that makes it. */
export class MembershipChanges {
  readonly #server: MembershipChangeParts;
  readonly #user: UserId;
  /** Wrapped keys for later changes, by group, user and epoch. A key replaces one that was staged for an abandoned attempt. */
  readonly #staged = new Map<GroupId, Map<string, StagedKey>>();
  #signingKey: KeyObject | undefined;

  constructor(server: MembershipChangeParts, user: UserId) {
    this.#server = server;
    this.#user = user;
  }

  stageKeys({ group, keys }: RequestBody<"stageKeys">): ReplyBody<"stageKeys"> {
    const before = this.#staged.get(group);
    const after = new Map(before);
    for (const key of keys) after.set(`${key.user} ${key.epoch}`, key);
    let count = after.size - (before?.size ?? 0);
    for (const staged of this.#staged.values()) count += staged.size;
    if (count > limits.stagedKeysMax) {
      return refusal("busy", `at most ${limits.stagedKeysMax} keys wait for their change`, busyRetryMs);
    }
    if (after.size > 0) this.#staged.set(group, after);
    return { kind: "done" };
  }

  async change({ entry: bytes }: RequestBody<"change">): Promise<ReplyBody<"change">> {
    const parsed = parseEntry(bytes);
    if (!parsed.ok) return refusal("invalid_change", parsed.reason);
    const { entry } = parsed.value;
    const keys = [...(this.#staged.get(entry.group)?.values() ?? [])];
    this.#staged.delete(entry.group);
    if (entry.actor !== this.#user) return refusal("not_allowed", "the entry is in another user's name");
    if (!isSignedBy(parsed.value, await this.#ownSigningKey())) {
      return refusal("invalid_change", "the entry is not signed by its actor");
    }
    const hash = entryHash(bytes);
    const clientMessageId = readClientMessageId(hash, 0);
    const sentAt = this.#server.clock.now();
    const result = await changeGroup(this.#server.database, { entry, bytes, hash, keys, sentAt, clientMessageId });
    if (!result.ok) return refusal(result.reason.code, result.reason.detail);

    const { seq, epoch, joined, left, repeated } = result.value;
    if (!repeated) {
      announceChange(
        this.#server,
        { group: entry.group, index: entry.index, epoch, seq, joined, left },
        { sender: this.#user, clientMessageId, type: messageTypes.membership, sentAt, epoch, payload: bytes },
      );
    }
    return { kind: "changed", group: entry.group, seq, epoch, index: entry.index };
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
