import {
  type ConnectionParts,
  dialAssigned,
  Mailbox,
  openLeanSocket,
  patienceUnderLoad,
  type TlsTrust,
} from "../../core/client/index.ts";
import { sleep, systemClock } from "../../core/platform/clock.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { type GroupId, seq, type UserId } from "../../core/wire/ids.ts";
import type { ClientIndex } from "../workload/population.ts";
import type { StoredSequences } from "./audit.ts";
import { SequenceLog } from "./sequence-log.ts";

export interface Range {
  /** The seq before the first to read. */
  readonly base: number;
  readonly last: number;
}

/** A member of these groups, with the token that resumes their session. */
export interface Reader {
  readonly client: ClientIndex;
  readonly user: UserId;
  readonly token: Uint8Array;
  readonly groups: readonly GroupId[];
}

/** How a client reaches the deployment: by sockets, unless a test has another way. */
export type Network = Pick<ConnectionParts, "dial" | "open" | "clock">;

interface ReadAt {
  readonly target: string;
  readonly tls?: TlsTrust | undefined;
  readonly network?: Partial<Network> | undefined;
}

const readMsMax = 30_000;

/**
 * Reads every group's messages once more, over a new connection, as a member does who was away all the time: the servers must
 * keep what they delivered. Each group with a reader is in the answer, however few of its messages came.
 */
export async function readAgain(
  at: ReadAt,
  readers: readonly Reader[],
  ranges: ReadonlyMap<GroupId, Range>,
  signal?: AbortSignal,
): Promise<StoredSequences> {
  const stored = new Map<GroupId, SequenceLog>();
  for (const reader of readers) {
    const wanted = new Map<GroupId, Range>();
    for (const group of reader.groups) {
      const range = ranges.get(group);
      if (range && !stored.has(group)) wanted.set(group, range);
    }
    if (wanted.size === 0) continue;
    const logs = new Map([...wanted].map(([group, { base }]) => [group, new SequenceLog(base)]));
    for (const [group, log] of logs) stored.set(group, log);
    await readAs(at, reader, wanted, logs, signal);
  }
  return new Map([...stored].map(([group, log]) => [group, log.record()]));
}

async function readAs(
  {
    target,
    tls,
    network: { dial = dialAssigned(target, tls), open = openLeanSocket, clock = systemClock } = {},
  }: ReadAt,
  reader: Reader,
  ranges: ReadonlyMap<GroupId, Range>,
  logs: ReadonlyMap<GroupId, SequenceLog>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const mailbox = new Mailbox(
    {
      dial,
      open,
      clock,
      random: seededRandom(reader.user),
      patience: patienceUnderLoad,
      socket: { tls },
    },
    { outboxMax: 1, startAfter: (group, lastSeq) => seq(ranges.get(group)?.base ?? lastSeq) },
    {
      connection: () => {},
      delivered(group, message) {
        logs.get(group)?.agrees(message.seq, message.clientMessageIdHigh, message.clientMessageIdLow, message.epoch);
      },
      missing: () => {}, // The audit finds which messages are missing.
    },
  );
  mailbox.resume(reader.token);
  const deadline = clock.monotonic() + readMsMax;
  const isDone = () => [...ranges].every(([group, { last }]) => (mailbox.groups.get(group)?.feed.next ?? 0) > last);
  const isOver = () => signal?.aborted || mailbox.state === "loggedOut" || clock.monotonic() > deadline;
  while (!isDone() && !isOver()) await sleep(clock, 5);
  mailbox.close();
}
