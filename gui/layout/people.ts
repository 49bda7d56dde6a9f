import { harmlessLine } from "../../core/client/index.ts";
import type { UserId } from "../../core/wire/ids.ts";
import { canonicalUserName } from "../../core/wire/user-name.ts";
import type { GroupFacts } from "../model/shown.ts";
import type { Chat } from "../model/state.ts";
import type { Style } from "./line.ts";

/** How many colours distinguish people. */
export const nickColours = 12;

/** A person keeps a colour, on every machine and in every group. */
export function nickStyle(user: UserId): Style {
  // People with neighbouring ids often talk to each other: their colours are far apart.
  return `nick${(user * 7) % nickColours}`;
}

/** The name of a user, without control characters. */
export function nameOf(chat: Chat, facts: GroupFacts | undefined, user: UserId): string {
  if (user === chat.self.user) return harmlessLine(chat.self.name);
  const name = chat.people.get(user)?.name ?? (facts && membersByUser(facts).get(user));
  return name === undefined ? `#${user}` : harmlessLine(name);
}

/** The name of a user, or "you". */
export const nameOrYou = (chat: Chat, facts: GroupFacts | undefined, user: UserId): string =>
  user === chat.self.user ? "you" : nameOf(chat, facts, user);

/** "alice, bob and carol"; of many people, the first names and the number of the others. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  return shown.length < 2 ? shown.join() : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** The members' canonical names, to find mentions. */
export function memberNames(facts: GroupFacts): ReadonlySet<string> {
  const known = namesByFacts.get(facts);
  if (known) return known;
  const names = new Set(facts.members.map(({ name }) => canonical(name)));
  namesByFacts.set(facts, names);
  return names;
}

/** A server may show a name that is invalid; nobody can be mentioned by it. */
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

// Kept, so that a group of a thousand members is not gone through at every draw.
const namesByFacts = new WeakMap<GroupFacts, ReadonlySet<string>>();
const usersByFacts = new WeakMap<GroupFacts, ReadonlyMap<UserId, string>>();
