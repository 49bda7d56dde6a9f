import type { Identity } from "../e2ee/identity.ts";
import type { AnySuite } from "../e2ee/suite.ts";
import { createSuites, type SuiteParts } from "../e2ee/suites.ts";
import type { Clock } from "../platform/clock.ts";
import type { DeliverCursor } from "../wire/deliver-frame.ts";
import type { GroupId, Seq, UserId } from "../wire/ids.ts";
import { Client, type ClientEvents } from "./client.ts";
import { Conversations } from "./group/conversations.ts";
import type { Keeper } from "./group/keeper.ts";
import { OwnMessages } from "./group/own-messages.ts";
import { ReadCursors } from "./group/read-cursors.ts";
import { WatchedGroups } from "./group/watched-groups.ts";
import type { ConnectionParts } from "./mail/connection.ts";
import { Mailbox, type MailboxOptions } from "./mail/mailbox.ts";
import { IdentityBook } from "./people/identity-book.ts";
import type { IdentityCache } from "./people/identity-cache.ts";
import { memoryPins, Trust } from "./people/trust.ts";

export interface NewClientParts extends ConnectionParts, SuiteParts {
  readonly clock: Clock;
  /** Identities that were checked; the simulated users of a process share them. */
  readonly identities: IdentityCache;
  /** Without a keeper nothing is kept from one run to the next. */
  readonly keeper?: Keeper | undefined;
  /** In place of all suites. */
  readonly suites?: readonly AnySuite[] | undefined;
}

export interface ClientOptions extends MailboxOptions {
  /**
   * Whether the first identity that is met under a name is pinned, and another one refused: for people, whose every message is
   * opened. Simulated users trust the servers under test.
   */
  readonly pinning: boolean;
  /** Whether a delivered message is opened; without this, all are. */
  opens?(message: DeliverCursor): boolean;
}

/** Assembles a client: the same for people and for simulated users. */
export function createClient(parts: NewClientParts, options: ClientOptions, events: ClientEvents): Client {
  const { clock, keeper, identities } = parts;
  const { outboxMax, pinning } = options;
  const suites = new Map((parts.suites ?? createSuites(parts)).map((suite) => [suite.name, suite]));
  const startAfter = (group: GroupId, lastSeq: Seq) => {
    const after = options.startAfter?.(group, lastSeq) ?? lastSeq;
    return keeper ? keeper.entered(group, after) : after;
  };
  const left = (group: GroupId) => {
    for (const part of [conversations, watched, keeper]) part?.left(group);
    events.left?.(group);
  };
  const mailbox: Mailbox = new Mailbox(
    parts,
    { outboxMax, startAfter },
    {
      connection: (state, why) => {
        if (state !== "online") watched.interrupted();
        events.connection?.(state, why);
      },
      delivered: (group, message) => {
        events.delivered?.(group, message);
        conversations.delivered(group, message);
      },
      missing: (group, from, through) => {
        conversations.missed(group, from, through);
        events.missing?.(group, from, through);
      },
      joined: (group) => events.joined?.(group),
      left,
      read: (group, seq) => cursors.listed(group, seq),
      ready: (welcome) => {
        // Groups that the user has left while the client was away.
        for (const { group } of keeper?.groups() ?? []) if (!mailbox.groups.has(group)) left(group);
        for (const group of mailbox.groups.keys()) watched.entered(group);
        events.welcomed?.(welcome);
      },
      admitted: (group) => watched.entered(group),
      activity: (notice) => {
        watched.noticed(notice);
        if (notice.kind === "cursors") {
          const own = notice.cursors.find(([user]) => user === conversations.user);
          if (own) cursors.moved(notice.group, own[1]);
        }
      },
      strayed: (group) => events.strayed?.(group),
    },
  );
  const trust = new Trust(keeper?.pins ?? memoryPins(), identities, events);
  const people = new IdentityBook(mailbox, identities, pinning ? trust : undefined);
  const opens = options.opens && { opens: options.opens };
  const conversations = new Conversations({ mailbox, people, suites, keeper, ...opens }, events);
  const watched = new WatchedGroups({ mailbox, clock, user: () => conversations.user }, events);
  const cursors = new ReadCursors({ mailbox, keeper });
  const messages = new OwnMessages({ mailbox, conversations, keeper, opensAll: pinning });
  const become = (identity: Identity, user: UserId) => {
    const isFirst = conversations.become(identity, user);
    // So nobody else's identity can be pinned under the user's own name.
    if (pinning) trust.meet(user, identity.public);
    if (isFirst) messages.resume((message, outcome) => events.settled?.(message, outcome));
  };
  return new Client({ mailbox, trust, people, suites, conversations, watched, cursors, messages, become });
}
