import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const drain = "core/cluster/drain.test.ts";
const strategies = "core/cluster/assigning/strategies.test.ts";
const assign = "core/cluster/assigning/assign.test.ts";
const bus = "core/cluster/bus/local-bus.test.ts";
const secret = "core/cluster/deployment-secret.test.ts";
const stop = promised("protocol", "The server still commits and acknowledges what it has taken in, for 5 s at most");

/** Programs and their wiring: signals, exit codes, strategies, secrets. */
export const programMutants: Mutants = {
  "SIGHUP reads no certificate again": {
    promise: promised("commands", "SIGHUP has `serve` read its certificate again"),
    file: "core/cluster/main.ts",
    from: "if (deployment.reloadCertificates) onHangUp(deployment.reloadCertificates);",
    to: "",
    tests: ["bin/serve.test.ts"],
  },
  "SIGHUP stops the servers": {
    promise: promised("commands", "SIGHUP has `serve` read its certificate again"),
    file: "bin/program.ts",
    from: "      hungUp = action;\n",
    to: "      if (!action) hungUp = action;\n",
    tests: ["bin/serve.test.ts"],
  },
  "a server that drains does not wait for its commits": {
    promise: stop,
    file: "core/server/chat-server.ts",
    from: "    await Promise.race([this.#writer.drained(), deadline]);\n",
    to: "    void deadline;\n",
    tests: [drain],
  },
  "a server stops without draining": {
    promise: stop,
    file: "core/cluster/launcher/server-thread.ts",
    from: "  await server?.drain();\n",
    to: "",
    tests: [drain],
  },
  "a server that drains asks nobody to move": {
    promise: promised("protocol", "`goAway` says that the server is about to stop"),
    file: "core/server/chat-server.ts",
    from: "    for (const session of this.#context.users.all()) session.goAway();\n",
    to: "",
    tests: [drain],
  },
  "a server that drains takes new clients": {
    promise: promised("protocol", "`goAway` says that the server is about to stop"),
    file: "core/server/chat-server.ts",
    from: "    this.#transport.stopListening();\n    for",
    to: "    for",
    tests: [drain],
  },
  "a server that stops just breaks its connections": {
    promise: promised("protocol", "then it ends the connection with `draining` and 4006"),
    file: "core/server/chat-server.ts",
    from: `    for (const session of [...this.#context.users.all()]) session.end("draining", "this server stops");\n`,
    to: "",
    tests: [drain],
  },
  "a draining server gets clients": {
    promise: promised("cluster", "among those that take clients"),
    file: "core/cluster/assigning/roster.ts",
    from: "else if (!entry.load.draining) {",
    to: "else if (entry) {",
    tests: [strategies],
  },
  "a silent server gets clients": {
    promise: promised("cluster", "among those that take clients"),
    file: "core/cluster/assigning/roster.ts",
    from: "if (nowMs - atMs > silenceMsMax) this.#heard.delete(server);",
    to: "if (nowMs - atMs < 0) this.#heard.delete(server);",
    tests: [strategies],
  },
  "clients that were sent to a server do not count": {
    promise: promised("cluster", "a server counts the clients that it has sent on since then"),
    file: "core/cluster/assigning/roster.ts",
    from: "connections: entry.load.connections + sent",
    to: "connections: entry.load.connections + 0 * sent",
    tests: [strategies, assign],
  },
  "a visit counts as a client that stays": {
    promise: promised("protocol", "is not counted among those that stay"),
    file: "core/cluster/assigning/assign.ts",
    from: `if (line === "clients") this.#roster.sent(picked.server);`,
    to: "this.#roster.sent(picked.server);",
    tests: [assign],
  },
  "round robin begins anew at each change": {
    promise: promised("cluster", "those that stay still take turns"),
    file: "core/cluster/assigning/strategies.ts",
    from: "(after !== undefined && roster.find(({ server }) => server > after)) || itemAt(roster, 0),",
    to: "(after !== undefined && roster.find(({ server }) => server !== after)) || itemAt(roster, 0),",
    tests: [strategies],
  },
  "two choices picks the fuller": {
    promise: promised("readme", "two-choices"),
    file: "core/cluster/assigning/strategies.ts",
    from: "return least(itemAt(roster, first), itemAt(roster, second));",
    to: "return itemAt(roster, first) === least(itemAt(roster, first), itemAt(roster, second)) ? itemAt(roster, second) : itemAt(roster, first);",
    tests: [strategies],
  },
  "a server that is added later does not hear of earlier subscriptions": {
    promise: promised("protocol", "the sender wants the messages of the groups in `join`"),
    file: "core/cluster/bus/local-bus.ts",
    from: "    if (this.#subscribed.size > 0) void this.#announce(server, [...this.#subscribed]);\n",
    to: "",
    tests: [bus],
  },
  "a subscription waits for a server that has gone": {
    promise: promised("protocol", "Any of them may get lost"),
    file: "core/cluster/bus/local-bus.ts",
    from: "    for (const { server: awaited, done } of [...this.#awaited.values()]) if (awaited === server) done();\n",
    to: "",
    tests: [bus],
  },
  "messages go to servers that do not want them": {
    promise: promised(
      "protocol",
      "the sender wants the messages of the groups in `join`, and those in `leave` no more",
    ),
    file: "core/cluster/bus/local-bus.ts",
    from: "const wanted = frames.filter(({ group }) => interest.has(group));",
    to: "const wanted = frames.filter(({ group }) => group > 0 || interest.has(group));",
    tests: [bus],
  },
  "the secret is readable by everybody": {
    promise: promised("security", "(`secret.json`, readable by its owner alone)"),
    file: "core/cluster/deployment-secret.ts",
    from: `{ mode: 0o600, flag: "wx" }`,
    to: `{ mode: 0o644, flag: "wx" }`,
    tests: [secret],
  },
  "any secret goes with any database": {
    promise: promised("security", "without the secret file allows none to be tried"),
    file: "core/cluster/deployment-secret.ts",
    from: "if (row?.value === fingerprint) return;",
    to: "if (row) return;",
    tests: [secret],
  },
  "a key lock is cheap to guess": {
    promise: promised("security", "scrypt with N = 2^17, r = 8, p = 1 and AES-256-GCM"),
    file: "core/client/account/key-lock.ts",
    from: "interactive: { cost: 2 ** 17, blockSize: 8, parallelization: 1 },",
    to: "interactive: { cost: 2 ** 14, blockSize: 8, parallelization: 1 },",
    tests: ["core/client/account/key-lock.test.ts"],
  },
  "a key lock opens only as its password was typed": {
    promise: promised("client", "the lock that a password opens"),
    file: "core/client/account/key-lock.ts",
    from: "return stretch(canonicalPassword(password), salt,",
    to: `return stretch(canonicalPassword("") + password, salt,`,
    tests: ["core/client/account/key-lock.test.ts"],
  },
  "two key locks have one salt": {
    promise: promised("security", "Somebody who copies the disk pays scrypt for each password that they try"),
    file: "core/client/account/key-lock.ts",
    from: "const salt = randomBytes(16);",
    to: "const salt = Buffer.alloc(16, 7);",
    tests: ["core/client/account/key-lock.test.ts"],
  },
  "descriptors run out without a log line": {
    promise: promised("server", "Every queue has a bound"),
    file: "core/server/transport/lobby.ts",
    from: "    this.#shortage.happened();\n",
    to: "",
    tests: ["core/server/transport/lobby.test.ts"],
  },
  "a burst of silent visitors is let in without a bound": {
    promise: promised("protocol", "it first closes the connection that has been silent for the longest time"),
    file: "core/server/transport/lobby.ts",
    from: "    this.#silent.delete(longest);\n    longest.close();",
    to: "    this.#silent.delete(longest);",
    tests: ["core/server/transport/lobby.test.ts"],
  },
  "expiry deletes the log": {
    promise: promised("protocol", "Membership entries and handshake messages stay"),
    file: "core/store/expiry.ts",
    from: "AND seq <= $3 AND type = $4 RETURNING seq",
    to: "AND seq <= $3 AND type >= $4 RETURNING seq",
    tests: ["core/store/expiry.test.ts"],
  },
  "expiry deletes what has not expired": {
    promise: promised("protocol", "up to the first that has not expired"),
    file: "core/store/expiry.ts",
    from: "const expired = alive === -1 ? rows : rows.slice(0, alive);",
    to: "const expired = alive === -1 ? rows : rows.slice(0, alive + 1);",
    tests: ["core/store/expiry.test.ts"],
  },
  "a migration step that failed is done by halves": {
    promise: promised("store", "forward only, each step in its transaction"),
    file: "core/store/database.ts",
    from: "ROLLBACK",
    to: "COMMIT",
    tests: ["core/store/migrations.test.ts"],
  },
};
