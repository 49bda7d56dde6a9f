import { readMessages, type StoredMessage } from "../store/messages.ts";
import type { ColdClientFrame } from "../wire/client-frame.ts";
import { deliveredBytes, encodeDeliver } from "../wire/deliver-frame.ts";
import type { GroupId, Seq } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import type { ColdServerFrame } from "../wire/server-frame.ts";
import type { ClientSession } from "./client-session.ts";
import { refusal } from "./reply.ts";
import type { ServerContext } from "./server-context.ts";

type Sync = Extract<ColdClientFrame, { kind: "sync" }>;

/** A page of a group's history, as DELIVER frames before the answer that says how far it went. */
export async function sync(server: ServerContext, session: ClientSession, asked: Sync): Promise<ColdServerFrame> {
  const { request, group: id, after } = asked;
  const group = await session.memberOf(id);
  if (!group) return refusal(request, "not_a_member", "not a group of yours");
  const messages = await readMessages(server.database, {
    group: id,
    after,
    through: asked.through,
    countMax: limits.syncPageMax,
    bytesMax: limits.syncPageBytesMax,
  });
  // A removal may have come meanwhile, and `left` gone out.
  if (!group.sessions.has(session)) return refusal(request, "not_a_member", "not a group of yours");
  const last = messages.at(-1)?.seq;
  // Only what was read: a place that a client claims to have may be one that nobody has taken.
  if (last !== undefined) server.groups.advance(id, last);
  const lastRead = last ?? after;
  const bytes = messages.reduce((sum, { payload }) => sum + payload.length, 0);
  const cut = messages.length === limits.syncPageMax || bytes >= limits.syncPageBytesMax;
  const end = Math.max(after, Math.min(asked.through, group.lastSeq));
  const through = (cut ? lastRead : Math.max(end, lastRead)) as Seq;
  session.connection.together(() => {
    for (const frame of frames(id, messages)) session.connection.send(frame);
  });
  server.counters.deliveries += messages.length;
  return { kind: "synced", request, group: id, after, through, lastSeq: group.lastSeq };
}

/** Runs without a gap, none much larger than the target. */
function frames(group: GroupId, messages: readonly StoredMessage[]): Uint8Array[] {
  const result: Uint8Array[] = [];
  let from = 0;
  let bytes = 0;
  messages.forEach((message, i) => {
    bytes += deliveredBytes(message.payload.length);
    const next = messages[i + 1];
    if (next && next.seq === message.seq + 1 && bytes < limits.deliverBytesTarget) return;
    const run = messages.slice(from, i + 1);
    result.push(encodeDeliver({ group, firstSeq: (run[0] as StoredMessage).seq, messages: run }));
    from = i + 1;
    bytes = 0;
  });
  return result;
}
