import type { LocalAccount } from "../core/client/index.ts";
import { sleep, systemClock } from "../core/platform/clock.ts";
import { Failure } from "../core/platform/failure.ts";
import { currentHost } from "./command-host.ts";
import { untilAborted } from "./program.ts";

const lookMs = 20;
const patienceMs = 30_000;

/**
 * Goes online, and resolves once everything that the server had for the user's groups is in the vault; or at once when the
 * user interrupts.
 */
export async function catchUp(account: LocalAccount, password: string, signal: AbortSignal): Promise<void> {
  await Promise.race([account.connect(password), untilAborted(signal)]);
  const { mailbox } = account.client;
  if (!(await comesTrue(() => [...mailbox.groups.values()].every(({ feed }) => feed.isCurrent), signal))) {
    throw new Failure("server_slow", "the server has not sent all that is new", "try again later");
  }
  // What earlier commands have left in the outbox goes out now.
  if (!(await comesTrue(() => mailbox.unsettled === 0, signal))) {
    currentHost().err(`${mailbox.unsettled} earlier messages wait still: the server has not taken them in\n`);
  }
  if (signal.aborted) return;
  // refresh() runs behind the messages that have come and are still being opened.
  for (const group of mailbox.groups.keys()) {
    const read = await account.client.conversation(group).refresh();
    if (!read.ok) currentHost().err(`group ${group}: ${read.reason.code}: ${read.reason.detail}\n`);
  }
}

/** Waits until something holds, or the user interrupts; answers false when it does not come true in time. */
async function comesTrue(holds: () => boolean, signal: AbortSignal): Promise<boolean> {
  const deadline = systemClock.monotonic() + patienceMs;
  while (!holds() && !signal.aborted) {
    if (systemClock.monotonic() > deadline) return false;
    await sleep(systemClock, lookMs, signal);
  }
  return true;
}

/** As {@link catchUp}; says so when there is no server now, and goes on with what the vault has. */
export async function catchUpIfPossible(account: LocalAccount, password: string, signal: AbortSignal): Promise<void> {
  try {
    await catchUp(account, password, signal);
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== "server_unreachable") throw cause;
    currentHost().err(`offline: ${cause.message}\n`);
  }
}
