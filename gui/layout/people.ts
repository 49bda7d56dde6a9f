import { harmlessLine } from "../../core/client/index.ts";
import type { UserId } from "../../core/wire/ids.ts";
import { canonicalUserName } from "../../core/wire/user-name.ts";
import type { GroupFacts } from "../model/shown.ts";
import type { Chat } from "../model/state.ts";
import type { Style } from "./line.ts";

/** As many colours as people are told apart by. */
export const nickColours = 12;

/** A person keeps a colour, on every machine and in every group. */
export function nickStyle(user: UserId): Style {
  // Neighbouring ids, which often talk to each other, come far apart.
  return `nick${(user * 7) % nickColours}`;
}

/** What somebody is called, without anything that a terminal would obey. */
export function nameOf(chat: Chat, facts: GroupFacts | undefined, user: UserId): string {
  if (user === chat.self.user) return harmlessLine(chat.self.name);
  const name = chat.people.get(user)?.name ?? (facts && membersByUser(facts).get(user));
  return name === undefined ? `#${user}` : harmlessLine(name);
}

/** The same, and "you" for the user. */
export const nameOrYou = (chat: Chat, facts: GroupFacts | undefined, user: UserId): string =>
  user === chat.self.user ? "you" : nameOf(chat, facts, user);

/** "alice, bob and carol"; of many, the first ones and how many more. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** The members' canonical names, to find mentions. */
export function memberNames(facts: GroupFacts): ReadonlySet<string> {
  const known = namesByFacts.get(facts);
  if (known) return known;
  const names = new Set(facts.members.map(({ name }) => canonical(name)));
  namesByFacts.set(facts, names);
  return names;
}

/** A name that a server shows may be none; then nobody can be mentioned by it. */
export function canonical(name: string): string {
  const known = canonicalUserName(name);
  return known.ok ? known.value : "";
}

function membersByUser(facts: GroupFacts): ReadonlyMap<UserId, string> {
  const known = usersByFacts.get(facts);
  if (known) return known;
  const users = new Map(facts.members.map(({ user, name }) => [user, name]));
  usersByFacts.set(facts, users);
  return users;
}

// A group of a thousand is looked through once, not at every draw.
const namesByFacts = new WeakMap<GroupFacts, ReadonlySet<string>>();
const usersByFacts = new WeakMap<GroupFacts, ReadonlyMap<UserId, string>>();
