import { readMessages } from "../../store/messages.ts";
import type { RequestFrame } from "../../wire/client-frame.ts";
import { maxSeq, minSeq } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { committedFrames } from "../groups/committed-frames.ts";
import type { ServerContext } from "../server-context.ts";
import type { ClientSession } from "../sessions/client-session.ts";
import { notAMember, type Reply } from "./reply.ts";

/** A page of a group's history, as DELIVER frames before the answer that says how far it went. */
export async function sync(
  server: ServerContext,
  session: ClientSession,
  asked: RequestFrame<"sync">,
): Promise<Reply<"sync">> {
  const { request, group: id, after } = asked;
  const group = await session.memberOf(id);
  if (!group) return notAMember(request);
  const messages = await readMessages(server.database, {
    group: id,
    after,
    through: asked.through,
    countMax: limits.syncPageMax,
    bytesMax: limits.syncPageBytesMax,
  });
  // A removal may have come meanwhile, and `left` gone out.
  if (!group.sessions.has(session)) return notAMember(request);
  const last = messages.at(-1)?.seq;
  // Only what was read: a place that a client claims to have may be one that nobody has taken.
  if (last !== undefined) server.groups.advance(id, last);
  const lastRead = last ?? after;
  const bytes = messages.reduce((sum, { payload }) => sum + payload.length, 0);
  const cut = messages.length === limits.syncPageMax || bytes >= limits.syncPageBytesMax;
  const end = maxSeq(after, minSeq(asked.through, group.lastSeq));
  const through = cut ? lastRead : maxSeq(end, lastRead);
  const seqs = messages.map(({ seq }) => seq);
  session.connection.together(() => {
    for (const { frame } of committedFrames(id, seqs, messages)) session.connection.send(frame);
  });
  server.counters.deliveries += messages.length;
  return { kind: "synced", request, group: id, after, through, lastSeq: group.lastSeq };
}
