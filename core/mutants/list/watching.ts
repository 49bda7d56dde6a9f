import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const presence = "core/server/groups/presence.test.ts";
const directory = "core/server/groups/group-directory.test.ts";
const changes = "core/server/groups/changes.test.ts";
const sweep = "core/server/groups/sweep-steps.test.ts";

/** Groups at a server: what it knows of them, who watches, and what the sweep repairs. */
export const watchingMutants: Mutants = {
  "read cursors come after the end of watching": {
    promise: promised("protocol", "gathered for 100 ms, until `close`"),
    file: "core/server/groups/presence.ts",
    from: "    if (!watch.sessions.has(session)) return;\n",
    to: "",
    tests: [presence],
  },
  "a server that has gone is sent presence": {
    promise: promised("protocol", "`presence` and `typing` go only to servers that have"),
    file: "core/server/groups/presence.ts",
    from: "      watch.servers.delete(server);\n      if (watch.elsewhere",
    to: "      if (watch.elsewhere",
    tests: [presence],
  },
  "who was connected to a server that has gone is shown as online": {
    promise: promised("protocol", "with the members in `online` who have a connection that gets the group's messages"),
    file: "core/server/groups/presence.ts",
    from: "if (watch.elsewhere.delete(server)) this.#changed.add(group);",
    to: "if (watch.elsewhere.delete(server) && watch.sessions.size < 0) this.#changed.add(group);",
    tests: [presence],
  },
  "what was read while the database was away is forgotten": {
    promise: promised("protocol", "`read` says that the user has read everything up to `seq`"),
    file: "core/server/groups/presence.ts",
    from: "      for (const [group, users] of read) for (const [user, seq] of users) this.read({ group, user, seq });\n",
    to: "",
    tests: [presence],
  },
  "no read cursor is kept after the database was away once": {
    promise: promised("protocol", "`read` says that the user has read everything up to `seq`"),
    file: "core/server/groups/presence.ts",
    from: "    } finally {\n      this.#saving = false;\n    }",
    to: "    }\n    this.#saving = this.#read.size > 0;",
    tests: [presence],
  },
  "read cursors are shown at one server alone": {
    promise: promised("protocol", "From then on both come with what has changed"),
    file: "core/server/groups/presence.ts",
    from: '        this.#bus.publish(group, { kind: "cursors", group, cursors });\n',
    to: "",
    tests: [presence],
  },
  "a server that has stopped watching is sent presence": {
    promise: promised("protocol", "`presence` and `typing` go only to servers that have"),
    file: "core/server/groups/presence.ts",
    from: "    if (!watching) {\n      watch.servers.delete(server);",
    to: "    if (!watching) {",
    tests: [presence],
  },
  "who has written something is shown as writing for ever": {
    promise: promised("protocol", "together with all others of the same 100 ms"),
    file: "core/server/groups/presence.ts",
    from: "    this.#typing.clear();\n",
    to: "",
    tests: [presence],
  },
  "an idle group is forgotten between the request for it and its answer": {
    promise: promised("server", "`group-directory.ts` holds the groups that have members connected here"),
    file: "core/server/groups/group-directory.ts",
    from: "    if (group.sessions.size === 0) group.idleSinceMs = this.#clock.monotonic();\n    return Promise.resolve(group);",
    to: "    return Promise.resolve(group);",
    tests: [directory],
  },
  "a group that is read again stays at its old seq": {
    promise: promised("server", "and kept up to date by this server's commits and by the bus"),
    file: "core/server/groups/group-directory.ts",
    from: "    this.advance(id, record.lastSeq);\n",
    to: "",
    tests: [changes],
  },
  "who has joined is not subscribed when the group is read again for another": {
    promise: promised("protocol", "New members get `joined`, on each connection"),
    file: "core/server/groups/changes.ts",
    from: "{ joined: [...joined, ...admitted] }",
    to: "{ joined: joined.length < 0 ? joined : admitted }",
    tests: [changes],
  },
  "a sweep brings what may be on its way": {
    promise: promised(
      "server",
      "It repairs a group that is still behind at the next sweep, since at the first a frame may be on its way",
    ),
    file: "core/server/groups/sweep.ts",
    from: "if (before !== undefined && group.deliveredSeq < before)",
    to: "if (group.deliveredSeq < (before ?? ahead.lastSeq))",
    tests: [sweep],
  },
  "there is no other sweep after one that failed": {
    promise: promised("server", "`sweep.ts` compares with the database and repairs what was lost"),
    file: "core/server/groups/sweep.ts",
    from: "    } finally {\n      this.#running = false;\n    }",
    to: "      return;\n    }\n    this.#running = false;",
    tests: [sweep],
  },
  "an admission that was committed late is missed by the sweep": {
    promise: promised("server", "`sweep.ts` compares with the database and repairs what was lost"),
    file: "core/server/groups/sweep.ts",
    from: "    this.#admissionsSince = new Date(asked.getTime() - admissionsOverlapMs);",
    to: "    this.#admissionsSince = asked;",
    tests: [sweep],
  },
  "a sweep brings one page of what is lacking": {
    promise: promised("server", "`sweep.ts` compares with the database and repairs what was lost"),
    file: "core/server/groups/sweep.ts",
    from: "      after = last.seq;\n",
    to: "      after = through;\n",
    tests: [sweep],
  },
  "what has expired is looked for at every sweep": {
    promise: promised("server", "`sweep.ts` compares with the database and repairs what was lost"),
    file: "core/server/groups/sweep.ts",
    from: "    this.#server.groups.delivered(group, through);\n",
    to: "",
    tests: [sweep],
  },
  "a sweep looks at the first groups alone": {
    promise: promised("server", "`sweep.ts` compares with the database and repairs what was lost"),
    file: "core/server/groups/sweep.ts",
    from: "from < followed.length; from += groupsPerQuery",
    to: "from < groupsPerQuery; from += groupsPerQuery",
    tests: [sweep],
  },
};
