import type { DeliveredMessage } from "../wire/deliver-frame.ts";
import { clientMessageId, type GroupId, type Seq } from "../wire/ids.ts";
import type { Queryable } from "./database.ts";

export interface StoredMessage extends DeliveredMessage {
  readonly seq: Seq;
}

export interface MessageRange {
  readonly group: GroupId;
  /** Messages behind this seq… */
  readonly after: Seq;
  /** …and up to this one. */
  readonly through: Seq;
  readonly countMax: number;
  /** The page ends with the message that reaches this many bytes of payload. */
  readonly bytesMax: number;
}

/** A page of a group's history, in order; shorter than the range when a bound was reached. */
export async function readMessages(database: Queryable, range: MessageRange): Promise<StoredMessage[]> {
  const rows = await database.query<Omit<StoredMessage, "clientMessageId"> & { clientMessageId: string }>({
    name: "messages-read",
    text: `SELECT seq, sender, "clientMessageId", epoch, type, "sentAt", payload FROM (
             SELECT seq, sender_id AS sender, client_message_id::text AS "clientMessageId", epoch, type,
                    sent_at AS "sentAt", payload,
                    sum(octet_length(payload)) OVER (ORDER BY seq) - octet_length(payload) AS "bytesBefore"
             FROM messages WHERE group_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4
           ) AS page WHERE "bytesBefore" < $5`,
    values: [range.group, range.after, range.through, range.countMax, range.bytesMax],
  });
  return rows.map((row) => ({
    ...row,
    clientMessageId: clientMessageId(BigInt(row.clientMessageId)),
  }));
}
