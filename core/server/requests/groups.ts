import { readKeys, readLog } from "../../store/membership-log.ts";
import { limits } from "../../wire/limits.ts";
import type { Handlers } from "./handlers.ts";
import { notAMember } from "./refusal.ts";

/** Requests about the user's groups: their list, logs and keys, and changes of them. */
export const groupRequests: Handlers<"groups" | "stageKeys" | "change" | "log" | "keys"> = {
  async groups(asker) {
    const entered = await asker.enterGroups();
    return () => ({
      kind: "groups",
      groups: entered().map(({ group, readSeq }) => ({
        group: group.id,
        epoch: group.epoch,
        lastSeq: group.lastSeq,
        logLength: group.logLength,
        readSeq,
      })),
    });
  },

  stageKeys: { atOnce: ({ membershipChanges }, asked) => membershipChanges.stageKeys(asked) },
  change: ({ membershipChanges }, asked) => membershipChanges.change(asked),

  async log(asker, { group: id, from }) {
    const group = await asker.memberOf(id);
    if (!group) return notAMember;
    // The length is read, too: with an old one from memory, clients would take the log for one that a hostile server has cut.
    const { entries, length } = await readLog(asker.server.database, { group: id, from, countMax: limits.logPageMax });
    // A removal may have come meanwhile, and `left` gone out.
    if (!group.sessions.has(asker)) return notAMember;
    const fitting = takeBytes(entries, ({ entry }) => entry.length, limits.frameBytesMax / 2);
    return { kind: "log", group: id, length, entries: fitting };
  },

  async keys(asker, { group: id, from }) {
    const group = await asker.memberOf(id);
    if (!group) return notAMember;
    const countMax = limits.keysPageMax;
    const keys = await readKeys(asker.server.database, { group: id, user: asker.loggedInUser, from, countMax });
    if (!group.sessions.has(asker)) return notAMember;
    return { kind: "keys", group: id, keys, more: keys.length === countMax };
  },
};

/** The first items whose sizes add up to at most `bytesMax`, and at least one item if there are any. */
function takeBytes<T>(items: readonly T[], size: (item: T) => number, bytesMax: number): T[] {
  let bytes = 0;
  const count = items.findIndex((item, i) => {
    bytes += size(item);
    return i > 0 && bytes > bytesMax;
  });
  return count === -1 ? [...items] : items.slice(0, count);
}
