import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

/** Groups at the server: who is a member, and who is told. */
export const membershipMutants: Mutants = {
  "an entry is taken whose actor has not signed it": {
    promise: promised("security", "a member who may has signed each entry of the log"),
    file: "core/server/requests/membership-changes.ts",
    from: "if (!isSignedBy(parsed.value, await this.#ownSigningKey())) {",
    to: "if (false as boolean) {",
    tests: ["core/server/requests/membership-changes.test.ts"],
  },
  "an entry is taken in another user's name": {
    promise: promised("protocol", "`not_allowed` (not for this role, or in another user's name)"),
    file: "core/server/requests/membership-changes.ts",
    from: "if (entry.actor !== this.#user)",
    to: "if (entry.actor < 0)",
    tests: ["core/server/requests/membership-changes.test.ts"],
  },
  "staged keys stay after a change": {
    promise: promised("protocol", "used up by any `change` of that group"),
    file: "core/server/requests/membership-changes.ts",
    from: "    this.#staged.delete(entry.group);\n",
    to: "",
    tests: ["core/server/requests/membership-changes.test.ts"],
  },
  "an entry that comes again is announced again": {
    promise: promised("protocol", "is answered as it was when it was made, and nothing happens"),
    file: "core/server/requests/membership-changes.ts",
    from: "if (!repeated) {",
    to: "if (repeated !== undefined) {",
    tests: ["core/server/requests/membership-changes.test.ts"],
  },
  "the bound on staged keys counts one group alone": {
    promise: promised("protocol", "A connection may have 2,048 of them, over all groups"),
    file: "core/server/requests/membership-changes.ts",
    from: "for (const staged of this.#staged.values()) count += staged.size;",
    to: "count += before?.size ?? 0;",
    tests: ["core/server/requests/membership-changes.test.ts"],
  },
  "a refused stageKeys keeps its keys": {
    promise: promised("protocol", "and none of its keys is taken"),
    file: "core/server/requests/membership-changes.ts",
    from: "    if (count > limits.stagedKeysMax) {",
    to: "    if (after.size > 0) this.#staged.set(group, after);\n    if (count > limits.stagedKeysMax) {",
    tests: ["core/server/requests/membership-changes.test.ts"],
  },
  "a change is not told to the other servers": {
    promise: promised("server", "`changes.ts` changes of groups"),
    file: "core/server/groups/changes.ts",
    from: `  server.bus.broadcast({ kind: "changed", ...change });\n`,
    to: "",
    tests: ["core/server/groups/changes.test.ts"],
  },
  "the entry of a change is not delivered": {
    promise: promised("protocol", "Members get the entry by DELIVER, its actor too"),
    file: "core/server/groups/changes.ts",
    from: "  server.fanOut.deliver([committedFrame(change.group, change.seq, [entry])]);\n",
    to: "",
    tests: ["core/server/groups/changes.test.ts"],
  },
  "a removed member's connection gets `left` and stays subscribed": {
    promise: promised("protocol", "After that the group does not exist for them"),
    file: "core/server/groups/changes.ts",
    from: "    session.leaveGroup(group);\n",
    to: "",
    tests: ["core/server/groups/changes.test.ts"],
  },
  "a removed member is not told": {
    promise: promised("protocol", "A member who goes gets the entry by DELIVER, then `left`"),
    file: "core/server/groups/changes.ts",
    from: `    session.connection.send(encodeServerFrame({ kind: "left", group: group.id, epoch: group.epoch }));\n`,
    to: "",
    tests: ["core/server/groups/changes.test.ts"],
  },
  "`left` comes before the entry": {
    promise: promised("protocol", "A member who goes gets the entry by DELIVER, then `left`"),
    file: "core/server/groups/changes.ts",
    from: `  server.fanOut.deliver([committedFrame(change.group, change.seq, [entry])]);
  server.bus.broadcast({ kind: "changed", ...change });
  applyChange(server, change);`,
    to: `  applyChange(server, change);
  server.bus.broadcast({ kind: "changed", ...change });
  server.fanOut.deliver([committedFrame(change.group, change.seq, [entry])]);`,
    tests: ["core/server/groups/changes.test.ts"],
  },
  "a change of a group that only the newcomer needs is not read": {
    promise: promised("protocol", "New members get `joined`, on each connection"),
    file: "core/server/groups/changes.ts",
    from: "else if (change.joined.some((user) => server.users.of(user).length > 0)) void reloadGroup(server, change);",
    to: "",
    tests: ["core/server/groups/changes.test.ts"],
  },
  "a change that comes behind a lost one is dropped": {
    promise: promised("server", "kept up to date by this server's commits and by the bus"),
    file: "core/server/groups/changes.ts",
    from: "else if (known) void reloadGroup(server, change);",
    to: "else if (known) return;",
    tests: ["core/server/groups/changes.test.ts"],
  },
  "a connection is told that it joined a group that it is in": {
    promise: promised("protocol", "A connection that gets the group's messages already gets no `joined`"),
    file: "core/server/groups/changes.ts",
    from: "if (!session.enterGroup(group)) continue;",
    to: "session.enterGroup(group);",
    tests: ["core/server/groups/changes.test.ts"],
  },
  "a member is refused whose admission this server has not heard of": {
    promise: promised(
      "server",
      "Nobody is refused as no member (`changes.ts`, `groupOfMember`) before the database has been asked",
    ),
    file: "core/server/groups/changes.ts",
    from: "const group = known && !known.members.has(user) ? await refreshGroup(server, id) : known;",
    to: "const group = known;",
    tests: ["core/server/groups/changes.test.ts"],
  },
  "a sync that a removal overtakes is answered with messages": {
    promise: promised("protocol", "After that the group does not exist for them: `not_a_member`"),
    file: "core/server/requests/history.ts",
    from: "if (!group.sessions.has(asker)) return notAMember;",
    to: "",
    tests: ["core/server/client-session.test.ts"],
  },
  "a log that a removal overtakes is answered": {
    promise: promised("protocol", "After that the group does not exist for them: `not_a_member`"),
    file: "core/server/requests/groups.ts",
    from: `    // A removal may have come meanwhile, and \`left\` gone out.
    if (!group.sessions.has(asker)) return notAMember;
`,
    to: "",
    tests: ["core/server/client-session.test.ts"],
  },
  "keys that a removal overtakes are answered": {
    promise: promised("protocol", "After that the group does not exist for them: `not_a_member`"),
    file: "core/server/requests/groups.ts",
    from: `    const keys = await readKeys(asker.server.database, { group: id, user: asker.loggedInUser, from, countMax });
    if (!group.sessions.has(asker)) return notAMember;
`,
    to: `    const keys = await readKeys(asker.server.database, { group: id, user: asker.loggedInUser, from, countMax });
`,
    tests: ["core/server/client-session.test.ts"],
  },
  "a request for a group off the list enters it by what memory says": {
    promise: promised("protocol", "The list agrees with every `joined` and `left` that came before it"),
    file: "core/server/client-session.ts",
    from: "const isNewToClient = this.#hasList && !this.entered(id);",
    to: "const isNewToClient = false as boolean;",
    tests: ["core/server/client-session.test.ts"],
  },
  "a closed connection stays in its groups": {
    promise: promised("protocol", "the members in `online` who have a connection that gets the group's messages"),
    file: "core/server/client-session.ts",
    from: `      this.server.groups.leave(group, this);
      this.server.presence.sessionsChanged(group.id);
    }
    this.server.users.delete(this.user, this);`,
    to: `      this.server.presence.sessionsChanged(group.id);
    }
    this.server.users.delete(this.user, this);`,
    tests: ["core/server/client-session.test.ts"],
  },
};
