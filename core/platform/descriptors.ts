import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { z } from "zod";
import type { Clock } from "./clock.ts";
import { wholeNumber } from "./decimal.ts";

/** What a process may have open at once: files, sockets, pipes, all that takes a file descriptor. */
export interface Descriptors {
  /** The system's bound for this process. */
  readonly max: number;
  /** How many are open now. This costs a system call on Linux from 6.2 on, and a walk over all of them elsewhere. */
  open(): number;
}

/**
 * This process's descriptors; undefined where the system does not show them. Node raises the soft bound to the hard one when it
 * starts, so `max` is the bound under which the process was started.
 */
export function descriptorsOfProcess(): Descriptors | undefined {
  const directory = ["/proc/self/fd", "/dev/fd"].find((file) => existsSync(file));
  const max = openFilesMax();
  if (directory === undefined || max === undefined) return undefined;
  return { max, open: () => statSync(directory).size || readdirSync(directory).length };
}

function openFilesMax(): number | undefined {
  const limits = "/proc/self/limits";
  return existsSync(limits)
    ? openFilesInLimits(readFileSync(limits, "latin1"))
    : openFilesInReport(process.report.getReport());
}

/** The bound in the text that Linux has of a process's limits; undefined without a bound. */
export function openFilesInLimits(text: string): number | undefined {
  return wholeNumber(/^Max open files +(\S+)/m.exec(text)?.[1]);
}

const boundedReport = z.object({ userLimits: z.object({ open_files: z.object({ soft: z.number() }) }) });

/** The bound in Node's report of a process; undefined without a bound. */
export function openFilesInReport(report: unknown): number | undefined {
  return boundedReport.safeParse(report).data?.userLimits.open_files.soft;
}

/** What the threads of a process share of its descriptors. It can be sent to a thread. */
export interface DescriptorShare {
  readonly max: number;
  /** What sockets must leave to everything else. */
  readonly keptBack: number;
  /** How many sockets may still be opened, as a number of 32 bits; when it is used up, a thread counts again what is open. */
  readonly ledger: SharedArrayBuffer;
}

export function descriptorShare(max: number, keptBack: number): DescriptorShare {
  return { max, keptBack, ledger: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) };
}

/** A thread's view of the share; undefined without a share, and where the system does not show what is open. */
export function descriptorBudget(share: DescriptorShare | undefined, clock: Clock): DescriptorBudget | undefined {
  const descriptors = share && descriptorsOfProcess();
  return descriptors && new DescriptorBudget(share, { open: () => descriptors.open(), clock });
}

/** Counting takes at most this part of the time. */
const countingShare = 1 / 20;

/**
 * Says whether one more socket may stay open, for all threads of a process together. It counts what is open instead of keeping
 * account of openings and closings: a library may keep a socket open for a while after it has announced the end of it.
 */
export class DescriptorBudget {
  readonly #share: DescriptorShare;
  readonly #ledger: Int32Array;
  readonly #open: () => number;
  readonly #clock: Clock;
  #countAgainAt = Number.NEGATIVE_INFINITY;

  constructor(share: DescriptorShare, parts: { open: () => number; clock: Clock }) {
    this.#share = share;
    this.#ledger = new Int32Array(share.ledger);
    this.#open = parts.open;
    this.#clock = parts.clock;
  }

  /** To be called once for each socket that was opened; false when that is more than `overdraft` into what is kept back. */
  take(overdraft = 0): boolean {
    if (this.#takeOne(overdraft)) return true;
    this.#countAgain();
    return this.#takeOne(overdraft);
  }

  #takeOne(overdraft: number): boolean {
    if (Atomics.load(this.#ledger, 0) <= -overdraft) return false;
    Atomics.sub(this.#ledger, 0, 1);
    return true;
  }

  /** Counts what is open, unless that was done a moment ago. */
  #countAgain(): void {
    const startMs = this.#clock.monotonic();
    if (startMs < this.#countAgainAt) return;
    Atomics.store(this.#ledger, 0, this.#share.max - this.#share.keptBack - this.#open());
    const endMs = this.#clock.monotonic();
    this.#countAgainAt = endMs + (endMs - startMs) / countingShare;
  }
}
