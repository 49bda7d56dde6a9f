import { findUsers } from "../../store/users.ts";
import { canonicalUserName } from "../../wire/user-name.ts";
import type { Handlers } from "./handlers.ts";

/** Requests about other people. */
export const peopleRequests: Handlers<"findUsers"> = {
  async findUsers({ server }, { names = [], ids = [] }) {
    const canonical = names.map((name) => {
      const checked = canonicalUserName(name);
      return checked.ok ? checked.value : "";
    });
    const found = await findUsers(server.database, { names: canonical, ids });
    const byName = new Map(found.map((user) => [user.name, user]));
    const byId = new Map(found.map((user) => [user.id, user]));
    const asked = [...canonical.map((name) => byName.get(name)), ...ids.map((id) => byId.get(id))];
    return {
      kind: "users",
      users: asked.map((user) => (user ? { user: user.id, name: user.name, identity: user.identity } : null)),
    };
  },
};
