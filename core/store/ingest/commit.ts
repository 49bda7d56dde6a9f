import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { itemAt } from "../../platform/item-at.ts";
import { type Epoch, type GroupId, nextSeq, type Seq, seqBeforeFirst } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { bigintArray, type RowBatch } from "./row-batch.ts";

/** A group's row as it was locked. */
interface LockedGroup {
  readonly id: GroupId;
  readonly epoch: Epoch;
  readonly last_seq: Seq;
  /** Whether the epoch has a key: a message of an epoch without a key could be read by nobody. */
  readonly keyed: boolean;
}

interface StoredBefore {
  readonly seq: Seq;
  readonly sentAt: number;
}

/**
 * Stores a batch in which every message is new, in one statement: it locks the groups in id order, gives each message of the
 * right epoch the next seq of its group, and writes the groups' new last seqs.
 *
 * Fails as a whole with a unique violation if one of the messages is stored already.
 */
export async function commitByStatement(client: Client, batch: RowBatch<unknown>): Promise<void> {
  const { rows } = await client.query<LockedGroup>({
    name: "ingest",
    text: ingestSql,
    values: [
      batch.column("group"),
      batch.column("sender"),
      batch.column("clientMessageId"),
      batch.column("epoch"),
      batch.column("type"),
      batch.column("sentAt"),
      batch.column("payload"),
      bigintArray(batch.distinctGroups()),
    ],
  });
  numberRows(batch, rows, undefined);
}

const ingestSql = `
  WITH incoming AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], $5::smallint[], $6::bigint[], $7::bytea[])
      WITH ORDINALITY AS t (group_id, sender_id, client_message_id, epoch, type, sent_at, payload, position)
  ), locked AS MATERIALIZED (
    SELECT id, epoch, last_seq, keyed FROM groups WHERE id = ANY ($8::bigint[]) ORDER BY id FOR UPDATE
  ), numbered AS MATERIALIZED (
    SELECT incoming.*, last_seq + row_number() OVER (PARTITION BY group_id ORDER BY position) AS seq
    FROM incoming JOIN locked ON locked.id = incoming.group_id AND locked.epoch = incoming.epoch
      AND (locked.keyed OR incoming.type = ${messageTypes.handshake})
  ), stored AS (
    INSERT INTO messages (group_id, seq, sender_id, client_message_id, epoch, type, sent_at, payload)
    SELECT group_id, seq, sender_id, client_message_id, epoch, type, sent_at, payload FROM numbered
  ), moved AS (
    UPDATE groups SET last_seq = newest.seq
    FROM (SELECT group_id, max(seq) AS seq FROM numbered GROUP BY group_id) AS newest WHERE groups.id = newest.group_id
  )
  SELECT id, epoch, last_seq, keyed FROM locked`;

/**
 * Stores a batch with COPY in one transaction, however large it is and whatever is in it. It looks for the suspects, rows that
 * may be stored already, once the groups are locked: then nobody else can be storing them.
 */
export async function commitByCopy(
  client: Client,
  batch: RowBatch<unknown>,
  suspects: readonly number[],
): Promise<void> {
  await client.query("BEGIN");
  const locked = await client.query<LockedGroup>({
    name: "ingest-lock",
    text: "SELECT id, epoch, last_seq, keyed FROM groups WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE",
    values: [bigintArray(batch.distinctGroups())],
  });
  const storedBefore = suspects.length === 0 ? undefined : await findStored(client, batch, suspects);
  const numbered = numberRows(batch, locked.rows, storedBefore);
  if (numbered.rows.length > 0) {
    await client.query({
      name: "ingest-move",
      text: `UPDATE groups SET last_seq = newest.seq FROM unnest($1::bigint[], $2::bigint[]) AS newest (id, seq)
             WHERE groups.id = newest.id`,
      values: [bigintArray([...numbered.newest.keys()]), bigintArray([...numbered.newest.values()])],
    });
    await copy(client, numbered.rows.length === batch.count ? batch.copyInput() : batch.copyInputOf(numbered.rows));
  }
  await client.query("COMMIT");
}

function copy(client: Client, input: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(copySql));
    stream.on("finish", resolve).on("error", reject);
    stream.end(input);
  });
}

const copySql = `COPY messages (group_id, seq, sender_id, client_message_id, epoch, type, sent_at, payload)
  FROM STDIN WITH (FORMAT binary)`;

/** The suspects that are stored already, by row. */
async function findStored(
  client: Client,
  batch: RowBatch<unknown>,
  suspects: readonly number[],
): Promise<ReadonlyMap<number, StoredBefore>> {
  const { rows } = await client.query<{ position: number; seq: Seq; sent_at: number }>({
    name: "ingest-find",
    text: `SELECT position, seq, sent_at
           FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY
                  AS suspect (group_id, sender_id, client_message_id, position)
           JOIN messages USING (group_id, sender_id, client_message_id)`,
    values: [
      batch.column("group", suspects),
      batch.column("sender", suspects),
      batch.column("clientMessageId", suspects),
    ],
  });
  return new Map(rows.map((row) => [itemAt(suspects, row.position - 1), { seq: row.seq, sentAt: row.sent_at }]));
}

/**
 * Decides each row's outcome as the database does: rows in order get dense seqs from the group's last one on; rows of a stale
 * epoch, and those that are stored already, get no new one.
 *
 * With `storedBefore` it also recognises two rows of one message in the batch: the later one gets the earlier one's seq.
 */
function numberRows(
  batch: RowBatch<unknown>,
  locked: readonly LockedGroup[],
  storedBefore: ReadonlyMap<number, StoredBefore> | undefined,
): { rows: number[]; newest: Map<GroupId, Seq> } {
  const groups = new Map(locked.map((group) => [group.id, group]));
  const newest = new Map<GroupId, Seq>();
  const firstOf = storedBefore && new Map<string, number>();
  const rows: number[] = [];
  for (let row = 0; row < batch.count; row++) {
    const id = batch.group(row);
    batch.seqs[row] = seqBeforeFirst;
    batch.faults[row] = undefined;
    batch.fresh[row] = false;

    const before = storedBefore?.get(row);
    if (before) {
      batch.seqs[row] = before.seq;
      batch.setSentAt(row, before.sentAt);
      continue;
    }
    const group = groups.get(id);
    if (!group) {
      batch.faults[row] = { code: "not_a_member" };
      continue;
    }
    if (firstOf) {
      const key = `${id} ${batch.sender(row)} ${batch.clientMessageId(row)}`;
      const first = firstOf.get(key);
      if (first !== undefined) {
        batch.seqs[row] = batch.seq(first);
        batch.faults[row] = batch.faults[first];
        continue;
      }
      firstOf.set(key, row);
    }
    if (group.epoch !== batch.epoch(row)) {
      batch.faults[row] = { code: "stale_epoch", epoch: group.epoch };
      continue;
    }
    // Handshake messages lead to the next key, so they are taken while there is none.
    if (!group.keyed && batch.type(row) !== messageTypes.handshake) {
      batch.faults[row] = { code: "rekey_needed", epoch: group.epoch };
      continue;
    }
    const seq = nextSeq(newest.get(id) ?? group.last_seq);
    newest.set(id, seq);
    batch.seqs[row] = seq;
    batch.fresh[row] = true;
    rows.push(row);
  }
  return { rows, newest };
}
