import type { UserId } from "../../wire/ids.ts";
import type { Session } from "./session.ts";

const nobody: readonly Session[] = [];

/** The users who are logged in at this server, and their connections. Most users have one connection, which needs no list. */
export class UserDirectory {
  readonly #sessions = new Map<UserId, Session | readonly Session[]>();
  #count = 0;

  /** Logged-in connections. */
  get count(): number {
    return this.#count;
  }

  add(user: UserId, session: Session): void {
    const others = this.of(user);
    this.#sessions.set(user, others.length === 0 ? session : [...others, session]);
    this.#count++;
  }

  delete(user: UserId, session: Session): void {
    const rest = this.of(user).filter((other) => other !== session);
    const [only, ...more] = rest;
    if (only) this.#sessions.set(user, more.length === 0 ? only : rest);
    else this.#sessions.delete(user);
    this.#count--;
  }

  of(user: UserId): readonly Session[] {
    return this.#listed(this.#sessions.get(user));
  }

  *all(): Iterable<Session> {
    for (const sessions of this.#sessions.values()) yield* this.#listed(sessions);
  }

  #listed(sessions: Session | readonly Session[] | undefined): readonly Session[] {
    if (sessions === undefined) return nobody;
    return "connection" in sessions ? [sessions] : sessions;
  }
}
