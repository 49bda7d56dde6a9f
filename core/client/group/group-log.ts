import { entryHash, isSignedBy } from "../../e2ee/entry-check.ts";
import { accepted, type Result } from "../../platform/result.ts";
import { equalBytes } from "../../wire/bytes.ts";
import type { Epoch, GroupId, Seq } from "../../wire/ids.ts";
import { applyEntry, type Membership } from "../../wire/membership.ts";
import { type MembershipEntry, parseEntry } from "../../wire/membership-entry.ts";
import { type GroupRefusal, refusal } from "../mail/group-refusal.ts";
import type { Ask, IdentityBook } from "../people/identity-book.ts";
import { MembershipHistory } from "./membership-history.ts";

/** An entry as a server shows it: its seq among the group's messages, and its bytes. */
export interface SequencedEntry {
  readonly seq: Seq;
  readonly bytes: Uint8Array;
  /** When the server took it in, in milliseconds since the Unix epoch, if it has said so; of an own entry, when it was made. */
  readonly at?: number | undefined;
}

/** An entry, and the membership that it led to. */
export interface AppliedEntry {
  readonly entry: MembershipEntry;
  readonly membership: Membership;
}

const logRefused = (detail: string) => refusal("log_refused", detail);

interface KnownEntry {
  readonly entry: MembershipEntry;
  readonly seq: Seq;
  at: number | undefined;
  readonly hash: Uint8Array;
  /** The epoch in force behind it. */
  readonly epoch: Epoch;
}

/**
 * A group's membership log as one client has verified it: the members, their identities and the epoch, now and at every seq
 * before. The client believes a server nothing else about these.
 */
export class GroupLog {
  readonly history = new MembershipHistory();
  readonly #group: GroupId;
  #membership: Membership | undefined;
  readonly #entries: KnownEntry[] = [];

  constructor(group: GroupId) {
    this.#group = group;
  }

  /** Undefined before the first entry. */
  get membership(): Membership | undefined {
    return this.#membership;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** The verified entries, in order. */
  get entries(): readonly Readonly<Pick<KnownEntry, "entry" | "seq" | "at">>[] {
    return this.#entries;
  }

  /** The seq of the entry with this index. */
  seqOf(index: number): Seq | undefined {
    return this.#entries[index]?.seq;
  }

  /** The epoch in force at a seq: that of the last entry before it. Undefined before the first entry. */
  epochAt(seq: Seq): Epoch | undefined {
    return this.#entries.findLast((entry) => entry.seq < seq)?.epoch;
  }

  /** The epoch behind the entry with this hash; undefined when there is no such entry. */
  epochBehind(head: Uint8Array): Epoch | undefined {
    return this.#entries.findLast((entry) => equalBytes(entry.hash, head))?.epoch;
  }

  /** Verifies an entry and takes it in. An entry that is known already is compared, and the result is undefined. */
  async take(
    sequenced: SequencedEntry,
    people: IdentityBook,
    ask: Ask,
  ): Promise<Result<AppliedEntry | undefined, GroupRefusal>> {
    const parsed = parseEntry(sequenced.bytes);
    if (!parsed.ok) return logRefused(parsed.reason);
    const { entry } = parsed.value;
    if (entry.index < this.length) return this.#compare(entry.index, sequenced);
    const actor = await people.byFingerprint(entry.actor, entry.actorFingerprint, ask);
    if (!actor.ok) return actor;
    if (!isSignedBy(parsed.value, actor.value.signing))
      return logRefused(`entry ${entry.index} is not signed by its actor`);
    return this.apply(entry, sequenced);
  }

  /** Takes in an entry that is known to be signed by its actor: an own one, or one that was verified before it was kept. */
  apply(entry: MembershipEntry, { seq, bytes, at }: SequencedEntry): Result<AppliedEntry, GroupRefusal> {
    if (entry.group !== this.#group) return logRefused("the log is another group's");
    const last = this.#entries.at(-1);
    if (last && seq <= last.seq)
      return logRefused(`entry ${entry.index} is shown at ${seq}, before the entry that it follows`);
    const before = this.#membership;
    const hash = entryHash(bytes);
    const applied = applyEntry(before, entry, hash);
    if (!applied.ok) return logRefused(`entry ${entry.index}: ${applied.reason.detail}`);
    this.#membership = applied.value;
    this.#entries.push({ entry, seq, at, hash, epoch: applied.value.epoch });
    this.history.record(entry, before, applied.value);
    return accepted({ entry, membership: applied.value });
  }

  #compare(index: number, { seq, bytes, at }: SequencedEntry): Result<undefined, GroupRefusal> {
    const known = this.#entries[index];
    if (!known) throw new Error(`group ${this.#group} has no entry ${index} to compare with`);
    if (!equalBytes(known.hash, entryHash(bytes)))
      return logRefused(`entry ${index} is not the one that was shown before`);
    if (known.seq !== seq) return logRefused(`entry ${index} was shown at ${known.seq} before, and now at ${seq}`);
    known.at = at ?? known.at;
    return accepted(undefined);
  }
}
