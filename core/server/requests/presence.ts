import { messageOf } from "../../platform/failure.ts";
import type { GroupId } from "../../wire/ids.ts";
import { minSeq } from "../../wire/ids.ts";
import type { Asker, PostHandlers } from "./handlers.ts";

/** Frames about groups that the user has open, has read, or is writing to. */
export const presencePosts: PostHandlers<"read" | "open" | "close" | "typing"> = {
  read(asker, { group: id, seq }) {
    const group = asker.entered(id);
    if (!group) return;
    asker.server.presence.read({ group: id, user: asker.loggedInUser, seq: minSeq(seq, group.lastSeq) });
  },

  /** Beyond the bound on work under way it is dropped, since nobody waits for a reply; another `open` brings everything. */
  open(asker, { group }) {
    asker.whileInFlight(() => openGroup(asker, group));
  },

  close(asker, { group: id }) {
    const group = asker.entered(id);
    if (group) asker.server.presence.unwatch(asker, group);
  },

  typing(asker, { group: id }) {
    const group = asker.entered(id);
    if (group) asker.server.presence.typing(id, asker.loggedInUser);
  },
};

async function openGroup(asker: Asker, id: GroupId): Promise<void> {
  try {
    const group = await asker.memberOf(id);
    if (group && !asker.isOver) await asker.server.presence.watch(asker, group);
  } catch (cause) {
    asker.server.log.warn({ cause: messageOf(cause), group: id }, "presence and cursors could not be read");
  }
}
