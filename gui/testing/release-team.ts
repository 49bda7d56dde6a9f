import { present } from "../../core/testing/present.ts";
import { clientMessageId, type GroupId, type UserId } from "../../core/wire/ids.ts";
import { viewport } from "../layout/viewport.ts";
import type { Event } from "../model/event.ts";
import { defaultSettings } from "../model/settings.ts";
import type { GroupFacts, GroupRow, MessageRow, SafetyNumber } from "../model/shown.ts";
import type { Size } from "../model/state.ts";
import { groupRow, idOf, Session, signInSession } from "./session.ts";

/**
 * A group with something of everything in it, as Alice sees it. Times are in the time zone of the machine that runs the
 * test.
 */
const day = new Date(2026, 10, 25, 14, 0).getTime();
const minute = 60_000;

export const releaseTeam = idOf.group(10);
export const names = ["alice", "bob", "carol", "dave", "erin", "françoise", "漢字さん", "mallory\u001b[31m{bold}"];

export const facts: GroupFacts = {
  title: "release team",
  members: names.map((name, at) => ({ user: idOf.user(at + 1), name, admin: at < 2 })),
  epoch: 12,
  suite: "rsa-fernet",
  expireSeconds: 604_800,
  changes: [
    { seq: idOf.seq(1), at: day - 1500 * minute, by: idOf.user(2), action: "create", subjects: [], title: "release" },
    { seq: idOf.seq(2), at: day - 1500 * minute, by: idOf.user(2), action: "admit", subjects: users(1, 3) },
    { seq: idOf.seq(9), at: day + 4 * minute, by: idOf.user(1), action: "admit", subjects: users(7, 8) },
  ],
};

function users(...ids: readonly number[]): UserId[] {
  return ids.map(idOf.user);
}

type Said = readonly [seq: number | undefined, sender: number, minutes: number, text: string, of?: Partial<MessageRow>];

const said: readonly Said[] = [
  [3, 2, -1440, "Are we still going to cut the release tomorrow?"],
  [4, 3, -1439, "Yes, if the soak run stays clean: https://bench.example.org/runs/2026-11-24?arm=rendezvous."],
  [5, 1, -1438, "Fine with me. I'll look at `bench/results` in the morning."],
  [6, 2, 0, "@alice morning! Clean: nothing lost."],
  [7, 2, 0.5, "and less CPU than last week"],
  [8, 6, 4, "J'ai vérifié: ça marche très bien ici"],
  [10, 7, 5, "日本語のテキストも正しく折り返されるはずです。とても長い文なので二行以上になります。"],
  [11, 8, 6, "evil \u001b[2J\u001b]0;pwned\u0007 {red-fg}tags{/} and \u202Ereversed"],
  [12, 1, 7, "@bob great. Shipping at three?"],
  [13, 4, 10, "the chart", { content: file("p99-by-strategy.png", 184_320, "the chart") }],
  [14, 5, 11, "", { state: "unreadable", why: "its signature does not fit", content: undefined }],
  [undefined, 1, 15, "This one went wrong", { state: "failed", why: "the server is busy" }],
  [undefined, 1, 16, "still on its way", { state: "written" }],
];

function file(name: string, size: number, text: string): MessageRow["content"] {
  const bytes = (length: number) => new Uint8Array(length);
  return {
    kind: "file",
    name,
    mediaType: "image/png",
    size,
    attachment: bytes(16),
    key: bytes(32),
    hash: bytes(32),
    text,
  };
}

export const messages: readonly MessageRow[] = said.map(([seq, sender, minutes, text, of], at) => ({
  key: idOf.row(at + 1),
  seq: seq === undefined ? undefined : idOf.seq(seq),
  sender: idOf.user(sender),
  id: clientMessageId(BigInt(at)),
  epoch: 1,
  at: day + minutes * minute,
  state: sender === 1 ? "sent" : "received",
  content: { kind: "text", text },
  ...of,
}));

const groups: readonly GroupRow[] = [
  groupRow(releaseTeam, { title: "release team", unread: 3, readSeq: idOf.seq(10) }),
  groupRow(idOf.group(11), { title: "cats", unread: 12, mentions: 2 }),
  groupRow(idOf.group(12), { title: "a rather long group title", unread: 4 }),
  groupRow(idOf.group(13), { title: "漢字の部屋" }),
  groupRow(idOf.group(14), { title: "old project", left: true }),
  groupRow(idOf.group(15), { title: "with a draft", draft: "hm" }),
  groupRow(idOf.group(16), { title: undefined }),
];

const events: readonly Event[] = [
  { kind: "page", group: releaseTeam, where: "newest", messages, moreOlder: false, moreNewer: false },
  { kind: "facts", group: releaseTeam, facts },
  { kind: "fetched", group: releaseTeam, count: 0, more: false },
  { kind: "presence", group: releaseTeam, online: new Set(users(1, 2, 3, 6)) },
  {
    kind: "readUpTo",
    group: releaseTeam,
    readUpTo: new Map([
      [idOf.user(2), idOf.seq(14)],
      [idOf.user(3), idOf.seq(12)],
      [idOf.user(4), idOf.seq(5)],
    ]),
  },
  { kind: "typing", group: releaseTeam, user: idOf.user(2) },
  { kind: "typing", group: releaseTeam, user: idOf.user(3) },
  {
    kind: "connection",
    connection: { state: "online", server: "s2.example.org", strategy: "rendezvous", roundTripMs: 11.6, waiting: 1 },
  },
  {
    kind: "transfer",
    transfer: { id: "1", way: "down", group: releaseTeam, name: "p99-by-strategy.png", done: 90_000, of: 184_320 },
  },
];

/** A session whose viewport is the real layout. */
export function sessionOf(size: Size): Session {
  const begun = signInSession().state;
  return new Session({ ...begun, size, nowMs: day + 40 * minute }, viewport);
}

export function releaseTeamSession(size: Size): Session {
  const self = { user: idOf.user(1), name: "alice", profile: "alice", server: "chat.example.org" };
  const people = names.map((name, at) => ({
    user: idOf.user(at + 1),
    name,
    trusted: at === 1 ? ("verified" as const) : ("pinned" as const),
  }));
  const opened: Event = { kind: "accountOpened", self, groups, people, settings: defaultSettings };
  return sessionOf(size).hear(opened, ...events);
}

const digitsFrom = (first: number) => Array.from({ length: 12 }, (_, at) => String(first + at * 1234));

export const changedNumber: SafetyNumber = {
  user: idOf.user(5),
  name: "erin",
  trusted: "changed",
  digits: digitsFrom(10_000),
  qr: ["█▀▀█", "█▄▄█"],
  changedDigits: digitsFrom(20_000),
};

/** A text of somebody in the release team. */
export function messageIn(key: number, text: string, of: Partial<MessageRow> = {}): MessageRow {
  return {
    ...present(messages[0]),
    key: idOf.row(key),
    seq: idOf.seq(key),
    at: day + key * minute,
    content: { kind: "text", text },
    ...of,
  };
}

export const pageOf = (group: GroupId, shown: readonly MessageRow[]): Event => ({
  kind: "page",
  group,
  where: "newest",
  messages: shown,
  moreOlder: false,
  moreNewer: false,
});
