import type { ClientEvents, LocalAccount, RowKey, VaultChange } from "../../core/client/index.ts";
import type { Cancel, Clock } from "../../core/platform/clock.ts";
import type { GroupId, Seq } from "../../core/wire/ids.ts";
import type { MembershipEntry } from "../../core/wire/membership-entry.ts";
import type { MessageRow } from "../model/shown.ts";
import { sentence } from "../text/sentence.ts";
import { changeSentence } from "./change-sentence.ts";
import type { Emit } from "./emit.ts";
import { groupFacts, groupRows, messageRow, personRows } from "./rows.ts";
import { Throttle } from "./throttle.ts";

/** The list of groups is emitted at most once in this time. */
const groupsPeriodMs = 100;
/** Messages are gathered for this time, then emitted one after the other. */
const messagesPeriodMs = 30;
const pingPeriodMs = 10_000;
/** A change to a group that is older than this is no news: the conversation shows it, and nothing announces it. */
const newsMsMax = 60_000;
/**
 * The feed waits this long to learn when the server took a change in: it is known a moment after the change, or never.
 */
const newsPatienceMs = 2000;

interface News {
  readonly group: GroupId;
  readonly entry: MembershipEntry;
  /** On the monotonic clock. */
  readonly untilMs: number;
}

/** Emits what happens to the open account as events for the model, gathered, so that a flood of messages costs little. */
export class AccountFeed {
  /** The client of the account calls these. */
  readonly events: ClientEvents;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #groups: Throttle;
  readonly #messages: Throttle;
  readonly #changedRows = new Map<RowKey, GroupId>();
  readonly #changedFacts = new Set<GroupId>();
  #news: News[] = [];
  /** Groups whose older messages are being fetched, with the seq before which they are: the model gets them as a page. */
  readonly #fetching = new Map<GroupId, Seq>();
  /** Messages that the model has, of groups whose messages expire. */
  readonly #perishable = new Map<GroupId, Set<RowKey>>();
  #shown: GroupId | undefined;
  #account: LocalAccount | undefined;
  #password = "";
  #trustVersion = -1;
  #waiting = -1;
  #endings: Cancel[] = [];

  constructor(clock: Clock, emit: Emit) {
    this.#clock = clock;
    this.#emit = emit;
    this.#groups = new Throttle(clock, groupsPeriodMs, () => this.#emitGroups());
    this.#messages = new Throttle(clock, messagesPeriodMs, () => this.#emitMessages());
    this.events = {
      connection: (state, why) => this.#connection(state, why),
      welcomed: () => void this.#measure(true),
      joined: () => this.#groups.ask(),
      left: (group) => {
        this.#groups.ask();
        emit({ kind: "left", group });
      },
      changed: (group, entry) => {
        this.#news.push({ group, entry, untilMs: clock.monotonic() + newsPatienceMs });
        this.#stirred(group);
      },
      presence: (group, online) => {
        if (group === this.#shown) emit({ kind: "presence", group, online: new Set(online) });
      },
      cursors: (group, readUpTo) => {
        if (group === this.#shown) emit({ kind: "readUpTo", group, readUpTo: new Map(readUpTo) });
      },
      typing: (group, user) => emit({ kind: "typing", group, user }),
      identityChanged: (name) => {
        const pin = this.#account?.client.trust.pinOf(name);
        this.#groups.ask();
        if (pin) emit({ kind: "identityChanged", user: pin.user, name });
      },
      logRefused: (group, detail) =>
        this.#warn(`what the server shows of the members of ${this.#titleOf(group)} is refused: ${detail}`),
      misplaced: (group, seq) =>
        this.#warn(`the server has not kept your message with the seq ${seq} in ${this.#titleOf(group)}`),
      notKept: (group, detail) =>
        this.#warn(`nothing more of ${this.#titleOf(group)} can be kept (${detail}): make room, and start again`),
      missing: (group, from, through) => this.#missing(group, through - from + 1),
    };
  }

  /** Follows the account, whose client was given {@link events}. The password logs in again when the session has ended. */
  start(account: LocalAccount, password: string): void {
    this.#account = account;
    this.#password = password;
    this.#trustVersion = account.client.trust.version;
    this.#endings = [
      account.vault.view.subscribe((change) => this.#changed(change)),
      this.#clock.every(pingPeriodMs, () => void this.#measure(false)),
    ];
  }

  close(): void {
    for (const end of this.#endings) end();
    this.#groups.close();
    this.#messages.close();
    this.#account = undefined;
  }

  /** The user looks at this group. */
  show(group: GroupId): void {
    this.#shown = group;
    this.#changedFacts.add(group);
    this.#groups.ask();
  }

  /** Remembers messages that the model has: when they expire, the feed emits that they are gone. */
  remember(group: GroupId, messages: readonly MessageRow[]): void {
    const expires = this.#account?.client.conversation(group).membership?.settings.expireSeconds ?? 0;
    if (expires === 0) return;
    const keys = this.#perishable.get(group) ?? new Set();
    this.#perishable.set(group, keys);
    for (const { key } of messages) keys.add(key);
  }

  /** The user has changed something: the list of groups follows soon. */
  ask(): void {
    this.#groups.ask();
  }

  /** Runs a fetch of older messages; they are not emitted one by one. */
  async quietly<T>(group: GroupId, before: Seq, work: () => Promise<T>): Promise<T> {
    this.#fetching.set(group, before);
    try {
      return await work();
    } finally {
      this.#fetching.delete(group);
    }
  }

  #connection(state: "offline" | "connecting" | "online" | "loggedOut", why: string): void {
    if (state === "loggedOut") {
      void this.#logInAgain();
      return;
    }
    const unknown = state === "online" ? {} : { server: undefined, roundTripMs: undefined };
    this.#emit({ kind: "connection", connection: { state, why, ...unknown, waiting: this.#countWaiting() } });
  }

  /** A session lasts some weeks; then the password is needed. */
  async #logInAgain(): Promise<void> {
    const welcome = await this.#account?.logIn(this.#password);
    if (!welcome || welcome.ok) return;
    const { code, detail } = welcome.reason;
    const why =
      code === "login_failed" ? "the password was changed elsewhere: leave, and log in with the new one" : detail;
    this.#emit({ kind: "connection", connection: { state: "offline", why } });
  }

  /** Measures the round trip to the server; at a new connection, also asks for the strategy of the deployment. */
  async #measure(isNew: boolean): Promise<void> {
    const account = this.#account;
    if (!account || account.client.mailbox.state !== "online") return;
    const [trip, about] = await Promise.all([account.client.mailbox.roundTrip(), isNew ? account.about() : undefined]);
    if (account.client.mailbox.state !== "online" || this.#account !== account) return;
    const { server } = account.client;
    const strategy = about?.ok ? { strategy: about.value.strategy } : {};
    const roundTripMs = trip.ok ? trip.value : undefined;
    this.#emit({ kind: "connection", connection: { server, roundTripMs, ...strategy } });
  }

  #changed({ group, row }: VaultChange): void {
    this.#groups.ask();
    if (row === undefined) this.#changedFacts.add(group);
    else if (!this.#isFetched(group, row)) {
      this.#changedRows.set(row, group);
      this.#messages.ask();
    }
  }

  #stirred(group: GroupId): void {
    this.#changedFacts.add(group);
    this.#groups.ask();
  }

  #emitMessages(): void {
    const view = this.#account?.vault.view;
    if (!view) return;
    const changed = [...this.#changedRows];
    this.#changedRows.clear();
    for (const [row, group] of changed) {
      const message = view.message(row);
      if (!message) this.#emit({ kind: "discarded", group, key: row });
      else {
        const shown = messageRow(message);
        this.#emit({ kind: "message", group, message: shown });
        this.remember(group, [shown]);
      }
    }
    this.#emitWaiting();
  }

  #isFetched(group: GroupId, row: RowKey): boolean {
    const before = this.#fetching.get(group);
    const seq = before === undefined ? undefined : this.#account?.vault.view.message(row)?.seq;
    return before !== undefined && seq !== undefined && seq < before;
  }

  #emitGroups(): void {
    const account = this.#account;
    if (!account) return;
    // Names come first, since the rows that follow use them.
    if (account.client.trust.version !== this.#trustVersion) {
      this.#trustVersion = account.client.trust.version;
      this.#emit({ kind: "people", people: personRows(account) });
      if (this.#shown !== undefined) this.#changedFacts.add(this.#shown);
    }
    this.#emit({ kind: "groups", groups: groupRows(account) });
    const shown = this.#shown;
    const facts = shown !== undefined && this.#changedFacts.has(shown) ? groupFacts(account, shown) : undefined;
    for (const group of this.#changedFacts) this.#emitExpired(account, group);
    this.#changedFacts.clear();
    if (shown !== undefined && facts) this.#emit({ kind: "facts", group: shown, facts });
    this.#news = this.#news.filter((of) => !this.#emitNews(account, of));
    if (this.#news.length > 0) this.#groups.ask();
    this.#emitWaiting();
  }

  #emitExpired({ vault }: LocalAccount, group: GroupId): void {
    const keys = this.#perishable.get(group) ?? [];
    for (const key of keys) {
      if (vault.view.message(key)) continue;
      this.#perishable.get(group)?.delete(key);
      this.#emit({ kind: "discarded", group, key });
    }
  }

  /** Emits the change if it is news; false while that cannot be known yet. */
  #emitNews(account: LocalAccount, { group, entry, untilMs }: News): boolean {
    const self = account.client.user;
    if (entry.actor === self || self === undefined) return true;
    const change = account.client.conversation(group).changes[entry.index];
    if (change?.at === undefined) return this.#clock.monotonic() > untilMs;
    if (this.#clock.now() - change.at > newsMsMax) return true;
    const text = changeSentence(change, {
      self,
      nameOf: (user) => account.client.trust.nameOf(user),
      group: this.#titleOf(group),
    });
    if (text !== undefined) this.#emit({ kind: "news", text });
    return true;
  }

  #emitWaiting(): void {
    const before = this.#waiting;
    const waiting = this.#countWaiting();
    if (waiting !== before) this.#emit({ kind: "connection", connection: { waiting } });
  }

  #countWaiting(): number {
    this.#waiting = this.#account?.client.mailbox.unsettled ?? 0;
    return this.#waiting;
  }

  #missing(group: GroupId, count: number): void {
    const expires = (this.#account?.client.conversation(group).membership?.settings.expireSeconds ?? 0) > 0;
    const what = count === 1 ? "a message" : `${count} messages`;
    if (!expires) this.#warn(`the server does not show ${what} of ${this.#titleOf(group)} that had been there`);
  }

  #titleOf(group: GroupId): string {
    return this.#account?.client.conversation(group).title ?? "a group";
  }

  #warn(text: string): void {
    this.#emit({ kind: "failed", of: "other", text: sentence(text) });
  }
}
