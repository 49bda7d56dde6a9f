import type { UserId } from "../wire/ids.ts";
import type { ClientSession } from "./client-session.ts";

const nobody: readonly ClientSession[] = [];

/** Who is logged in at this server, and on which connections. */
export class UserDirectory {
  readonly #sessions = new Map<UserId, readonly ClientSession[]>();
  #count = 0;

  /** Logged-in connections. */
  get count(): number {
    return this.#count;
  }

  add(user: UserId, session: ClientSession): void {
    this.#sessions.set(user, [...this.of(user), session]);
    this.#count++;
  }

  delete(user: UserId, session: ClientSession): void {
    const rest = this.of(user).filter((other) => other !== session);
    if (rest.length > 0) this.#sessions.set(user, rest);
    else this.#sessions.delete(user);
    this.#count--;
  }

  of(user: UserId): readonly ClientSession[] {
    return this.#sessions.get(user) ?? nobody;
  }

  all(): IterableIterator<readonly ClientSession[]> {
    return this.#sessions.values();
  }
}
