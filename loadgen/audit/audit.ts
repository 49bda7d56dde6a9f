import { itemAt } from "../../core/platform/item-at.ts";
import { pushTo } from "../../core/platform/lists-by-key.ts";
import type { GroupId, UserId } from "../../core/wire/ids.ts";
import { parseEntry } from "../../core/wire/membership-entry.ts";
import { isWrittenBefore, type StampHalves } from "../workload/message-stamp.ts";
import type { ClientIndex } from "../workload/population.ts";
import type { SequenceRecord } from "./sequence-log.ts";

/**
 * One client's time as a member of a group: from the seq after which it began to read, until it got the notice that it had left.
 */
export interface StayRecord {
  readonly client: ClientIndex;
  readonly user: UserId;
  readonly from: number;
  /** The seq that it expects next. */
  readonly next: number;
  /** How many messages it got, each counted once. */
  readonly delivered: number;
  readonly left: boolean;
}

/** What one thread saw of a group. */
export interface GroupRecord {
  readonly group: GroupId;
  readonly sequence: SequenceRecord;
  /** Membership entries, by seq, as they were delivered. */
  readonly entries: readonly (readonly [seq: number, entry: Uint8Array])[];
  readonly stays: readonly StayRecord[];
  /** The acknowledged messages of its clients: for each its seq, the two halves of its id, and the client. */
  readonly acknowledged: Float64Array;
}

/** How many numbers {@link GroupRecord.acknowledged} has for each message. */
export const acknowledgedFields = 4;

/** A broken promise, with the message concerned. */
export interface Breach {
  /** The promise's number in the contract; null if a member could not read a message, which no number covers. */
  readonly promise: 1 | 2 | 3 | 4 | 8 | null;
  readonly what: string;
  readonly group: number;
  readonly seq?: number;
  readonly client?: ClientIndex;
}

export interface ThreadAudit {
  readonly sent: number;
  readonly groups: readonly GroupRecord[];
  /** Breaches that were found while the run went on. */
  readonly breaches: readonly Breach[];
  readonly reordered: number;
  readonly undecryptable: number;
  readonly strays: number;
}

export interface AuditResult {
  readonly sent: number;
  readonly acked: number;
  /** How many deliveries there had to be: each message to each user who was a member when it was committed. */
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly undecryptable: number;
  /** Messages under an epoch older than the one before them, or delivered to a user who had left. */
  readonly trespassing: number;
  /** Messages with a lower seq than one that the same user had written to the group earlier. */
  readonly outOfTurn: number;
  /** Messages that were replaced or missing when a member read the whole group again at the end. */
  readonly notStored: number;
  readonly passed: boolean;
  /** The first breaches. */
  readonly breaches: readonly Breach[];
}

const breachesShown = 50;

/** The groups as they were read again from the servers at the end; a group without a remaining member is left out. */
export type StoredSequences = ReadonlyMap<GroupId, SequenceRecord>;

/**
 * Compares what all clients saw with the contract: each acknowledged message was delivered and is kept (1), in one order for all
 * (2), once (3), to members only (4), and each sender's own messages have the order in which they were written (8).
 */
export function auditRun(threads: readonly ThreadAudit[], stored: StoredSequences): AuditResult {
  const breaches: Breach[] = threads.flatMap((thread) => thread.breaches);
  const tally = {
    acked: 0,
    expected: 0,
    delivered: 0,
    lost: 0,
    duplicated: 0,
    trespassing: 0,
    outOfTurn: 0,
    notStored: 0,
  };
  let reordered = sum(threads.map((thread) => thread.reordered));

  for (const [group, records] of byGroup(threads)) {
    const truth = new GroupTruth(group, records);
    reordered += truth.disagreements.length;
    breaches.push(...truth.disagreements);
    const found = [
      ...checkAcknowledged(truth, records, tally),
      ...checkOnce(truth, tally),
      ...checkEpochs(truth, tally),
      ...checkOwnOrder(truth, records, tally),
      ...checkStays(truth, records, tally),
    ];
    const again = stored.get(group);
    if (again) found.push(...checkStored(truth, again, tally));
    breaches.push(...found);
  }
  const undecryptable = sum(threads.map((thread) => thread.undecryptable));
  tally.trespassing += sum(threads.map((thread) => thread.strays));
  const { lost, duplicated, trespassing, outOfTurn, notStored } = tally;
  const faults = [lost, duplicated, trespassing, outOfTurn, notStored, reordered, undecryptable, breaches.length];
  return {
    sent: sum(threads.map((thread) => thread.sent)),
    ...tally,
    reordered,
    undecryptable,
    passed: faults.every((count) => count === 0),
    breaches: breaches.slice(0, breachesShown),
  };
}

/** The order of a group's messages as the clients of all threads saw it. */
class GroupTruth {
  readonly group: GroupId;
  readonly messages = new Map<number, { high: number; low: number; epoch: number }>();
  readonly entries = new Map<number, Uint8Array>();
  readonly disagreements: Breach[] = [];
  /** The last seq that any client saw. */
  last = 0;
  /** The first seq that any client saw. */
  first = Number.POSITIVE_INFINITY;

  constructor(group: GroupId, records: readonly GroupRecord[]) {
    this.group = group;
    for (const { sequence, entries } of records) {
      for (const [seq, entry] of entries) this.entries.set(seq, entry);
      for (let i = 0; i < sequence.epoch.length; i++) {
        if (sequence.epoch[i] === 0) continue;
        const seq = sequence.base + 1 + i;
        const message = {
          high: itemAt(sequence.high, i),
          low: itemAt(sequence.low, i),
          epoch: itemAt(sequence.epoch, i),
        };
        const known = this.messages.get(seq);
        if (!known) this.messages.set(seq, message);
        else if (known.high !== message.high || known.low !== message.low || known.epoch !== message.epoch) {
          this.disagreements.push({ promise: 2, what: "two members saw different messages under one seq", group, seq });
        }
        this.last = Math.max(this.last, seq);
        this.first = Math.min(this.first, seq);
      }
    }
  }
}

type Tally = {
  -readonly [Name in
    | "acked"
    | "expected"
    | "delivered"
    | "lost"
    | "duplicated"
    | "trespassing"
    | "outOfTurn"
    | "notStored"]: number;
};

function checkAcknowledged(truth: GroupTruth, records: readonly GroupRecord[], tally: Tally): Breach[] {
  const breaches: Breach[] = [];
  for (const { acknowledged } of records) {
    for (let i = 0; i < acknowledged.length; i += acknowledgedFields) {
      tally.acked++;
      const seq = itemAt(acknowledged, i);
      const message = truth.messages.get(seq);
      if (message?.high === itemAt(acknowledged, i + 1) && message.low === itemAt(acknowledged, i + 2)) continue;
      tally.lost++;
      const what = message ? "acknowledged under the seq of another message" : "acknowledged and seen by nobody";
      breaches.push({ promise: 1, what, group: truth.group, seq });
    }
  }
  return breaches;
}

function checkOnce(truth: GroupTruth, tally: Tally): Breach[] {
  const breaches: Breach[] = [];
  const seen = new Map<string, number>();
  for (const [seq, { high, low }] of truth.messages) {
    const key = `${high} ${low}`;
    const before = seen.get(key);
    if (before !== undefined) {
      tally.duplicated++;
      breaches.push({ promise: 3, what: `the message of seq ${before} again`, group: truth.group, seq });
    }
    seen.set(key, seq);
  }
  return breaches;
}

/** After the first message of an epoch, none of an older epoch may follow. */
function checkEpochs(truth: GroupTruth, tally: Tally): Breach[] {
  const breaches: Breach[] = [];
  let epoch = 0;
  for (let seq = truth.first; seq <= truth.last; seq++) {
    const message = truth.messages.get(seq);
    if (!message) continue;
    if (message.epoch < epoch) {
      tally.trespassing++;
      breaches.push({ promise: 4, what: `epoch ${message.epoch} after epoch ${epoch}`, group: truth.group, seq });
    }
    epoch = Math.max(epoch, message.epoch);
  }
  return breaches;
}

function checkOwnOrder(truth: GroupTruth, records: readonly GroupRecord[], tally: Tally): Breach[] {
  const breaches: Breach[] = [];
  for (const [client, messages] of acknowledgedBySender(records)) {
    messages.sort((a, b) => a.seq - b.seq);
    messages.forEach(({ seq, stamp }, i) => {
      const before = messages[i - 1];
      if (!before || isWrittenBefore(before.stamp, stamp) || before.seq === seq) return;
      tally.outOfTurn++;
      const what = `was written before the sender's own message of seq ${before.seq}`;
      breaches.push({ promise: 8, what, group: truth.group, seq, client });
    });
  }
  return breaches;
}

function acknowledgedBySender(records: readonly GroupRecord[]) {
  const senders = new Map<ClientIndex, { readonly seq: number; readonly stamp: StampHalves }[]>();
  for (const { acknowledged } of records) {
    for (let i = 0; i < acknowledged.length; i += acknowledgedFields) {
      const stamp = [itemAt(acknowledged, i + 1), itemAt(acknowledged, i + 2)] as const;
      pushTo(senders, itemAt(acknowledged, i + 3), { seq: itemAt(acknowledged, i), stamp });
    }
  }
  return senders;
}

function checkStays(truth: GroupTruth, records: readonly GroupRecord[], tally: Tally): Breach[] {
  const breaches: Breach[] = [];
  const { group, last } = truth;
  const departures = departuresOf(truth);
  for (const stay of records.flatMap(({ stays }) => stays)) {
    const { client, from, next, delivered, left, user } = stay;
    tally.delivered += delivered;
    if (!left) {
      // A member must get everything up to the group's last message.
      const expected = Math.max(0, last - from);
      tally.expected += expected;
      if (delivered === expected && next === Math.max(last, from) + 1) continue;
      tally.lost += Math.max(0, expected - delivered);
      const what = `got ${delivered} of the ${expected} messages after seq ${from}, and expects seq ${next} next`;
      breaches.push({ promise: 1, what, group, client, seq: Math.min(next, last) });
      continue;
    }
    // A user who left may get messages up to the entry of the removal, but need not: some were still on their way.
    tally.expected += delivered;
    const end = departures.find((departure) => departure.users.includes(user) && departure.seq > from)?.seq ?? last;
    if (next <= end + 1) continue;
    tally.trespassing += next - end - 1;
    breaches.push({
      promise: 4,
      what: `got messages after its removal at seq ${end}`,
      group,
      client,
      seq: next - 1,
    });
  }
  return breaches;
}

/** The users who left, and at which seq, in order. */
function departuresOf(truth: GroupTruth): { seq: number; users: readonly UserId[] }[] {
  const departures: { seq: number; users: readonly UserId[] }[] = [];
  for (const [seq, bytes] of [...truth.entries].sort(([a], [b]) => a - b)) {
    const parsed = parseEntry(bytes);
    if (!parsed.ok) continue;
    const { action, subjects, actor } = parsed.value.entry;
    if (action === "remove") departures.push({ seq, users: subjects.map(({ user }) => user) });
    if (action === "leave") departures.push({ seq, users: [actor] });
  }
  return departures;
}

function checkStored(truth: GroupTruth, stored: SequenceRecord, tally: Tally): Breach[] {
  const breaches: Breach[] = [];
  for (const [seq, message] of truth.messages) {
    const i = seq - stored.base - 1;
    if (i < 0) continue;
    if (stored.high[i] === message.high && stored.low[i] === message.low && stored.epoch[i] === message.epoch) continue;
    tally.notStored++;
    breaches.push({
      promise: 1,
      what: "delivered, and not what the servers keep under this seq",
      group: truth.group,
      seq,
    });
  }
  return breaches;
}

function byGroup(threads: readonly ThreadAudit[]): Map<GroupId, GroupRecord[]> {
  const groups = new Map<GroupId, GroupRecord[]>();
  for (const record of threads.flatMap((thread) => thread.groups)) pushTo(groups, record.group, record);
  return groups;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
