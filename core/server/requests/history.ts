import { readMessages } from "../../store/messages.ts";
import { maxSeq, minSeq } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { committedFrames } from "../groups/committed-frames.ts";
import type { Handlers } from "./handlers.ts";
import { notAMember } from "./refusal.ts";

/** A page of a group's history, as DELIVER frames before the reply that says how far it went. */
export const historyRequests: Handlers<"sync"> = {
  async sync(asker, asked) {
    const { group: id, after } = asked;
    const { server, connection } = asker;
    const group = await asker.memberOf(id);
    if (!group) return notAMember;
    const messages = await readMessages(server.database, {
      group: id,
      after,
      through: asked.through,
      countMax: limits.syncPageMax,
      bytesMax: limits.syncPageBytesMax,
    });
    // A removal may have come meanwhile, and `left` gone out.
    if (!group.sessions.has(asker)) return notAMember;
    const last = messages.at(-1)?.seq;
    // Only a seq that was read: a client may name any, also one that no message has.
    if (last !== undefined) server.groups.advance(id, last);
    const lastRead = last ?? after;
    const bytes = messages.reduce((sum, { payload }) => sum + payload.length, 0);
    const cut = messages.length === limits.syncPageMax || bytes >= limits.syncPageBytesMax;
    const end = maxSeq(after, minSeq(asked.through, group.lastSeq));
    const through = cut ? lastRead : maxSeq(end, lastRead);
    connection.together(() => {
      for (const { frame } of committedFrames(id, messages)) connection.send(frame);
    });
    server.counters.deliveries += messages.length;
    return { kind: "synced", group: id, after, through, lastSeq: group.lastSeq };
  },
};
