import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const fanOut = "core/server/groups/fan-out.test.ts";
const directory = "core/server/groups/group-directory.test.ts";
const sweep = "core/server/groups/sweep.test.ts";
const presence = "core/server/groups/presence.test.ts";
const lost = promised("protocol", "Any of them may get lost: the database is the truth");

/** Messages on their way to the members, and what repairs their way. */
export const deliveryMutants: Mutants = {
  "committed messages do not reach the other servers": {
    promise: promised("protocol", "Every connection that gets the group's messages gets each of them"),
    file: "core/server/groups/fan-out.ts",
    from: "if (frames.length > 0) this.#counters.crossServerCopies += this.#bus.deliver(frames);",
    to: "",
    tests: [fanOut],
  },
  "messages of a batch are delivered in the order of their arrival, not of their seqs": {
    promise: promised("protocol", "Messages of one group with consecutive seqs"),
    file: "core/server/groups/fan-out.ts",
    from: "  rows.sort((a, b) => batch.seq(a) - batch.seq(b));\n",
    to: "",
    tests: [fanOut],
  },
  "a message that was stored before is delivered again": {
    promise: promised("protocol", "A message with an id that is stored is not stored again"),
    file: "core/server/groups/fan-out.ts",
    from: "if (batch.fresh[row]) pushTo(fresh, group, row);",
    to: "pushTo(fresh, group, row);",
    tests: [fanOut],
  },
  "a refused message is acknowledged, too": {
    promise: promised("protocol", "`reject` says of a SEND why it was not stored"),
    file: "core/server/groups/fan-out.ts",
    from: `        if (fault.code !== "internal") session.noteBehind(group);
        continue;`,
    to: `        if (fault.code !== "internal") session.noteBehind(group);`,
    tests: [fanOut],
  },
  "a commit that finds a newer epoch tells this server nothing": {
    promise: lost,
    file: "core/server/groups/fan-out.ts",
    from: `if (fault.code !== "internal") session.noteBehind(group);`,
    to: "",
    tests: [fanOut],
  },
  "a large batch is acknowledged as far as one frame goes": {
    promise: promised("protocol", "A message that was stored is acknowledged by an entry of an ACK"),
    file: "core/server/groups/fan-out.ts",
    from: "from < acknowledgements.length; from += ackEntriesMax",
    to: "from < 1; from += ackEntriesMax",
    tests: [fanOut],
  },
  "the group's row is read before the bus is subscribed to": {
    promise: promised("server", "First the server subscribes on the bus, then the row is read"),
    file: "core/server/groups/group-directory.ts",
    from: `      await this.#subscriptions.get(id);
      do {
        heard.changed = false;
        record = await this.#records.get(id);
      } while (heard.changed);`,
    to: `      do {
        heard.changed = false;
        record = await this.#records.get(id);
      } while (heard.changed);
      await this.#subscriptions.get(id);`,
    tests: [directory, "core/server/groups/interleavings.test.ts"],
  },
  "a group is loaded twice by two who ask at once": {
    promise: promised("server", "A group is loaded once for all who ask for it meanwhile"),
    file: "core/server/groups/group-directory.ts",
    from: "    if (running) return running.group;\n",
    to: "    if (running && running.heard.lastSeq > 0) return running.group;\n",
    tests: [directory],
  },
  "an entry that comes while a group is read is missed": {
    promise: promised("server", "and read again if an entry came meanwhile"),
    file: "core/server/groups/group-directory.ts",
    from: "if (loading) loading.heard.changed = true;",
    to: "",
    tests: [directory],
  },
  "a seq that comes while a group is read is missed": {
    promise: promised("server", "so no change is lost between the two"),
    file: "core/server/groups/group-directory.ts",
    from: "const lastSeq = maxSeq(record.lastSeq, heardSeq);",
    to: "const { lastSeq } = heardSeq < 0 ? { lastSeq: heardSeq } : record;",
    tests: [directory],
  },
  "an older row replaces newer facts": {
    promise: lost,
    file: "core/server/groups/group-directory.ts",
    from: "if (record.logLength > group.logLength) {",
    to: "if (record.logLength !== group.logLength) {",
    tests: [directory],
  },
  "a change is applied although one before it is lacking": {
    promise: lost,
    file: "core/server/groups/group-directory.ts",
    from: "if (index > group.logLength) return undefined;\n    if (index === group.logLength) {",
    to: "if (index >= group.logLength) {",
    tests: ["core/server/groups/changes.test.ts"],
  },
  "a change that comes twice is applied twice": {
    promise: lost,
    file: "core/server/groups/group-directory.ts",
    from: "if (index === group.logLength) {",
    to: "if (index <= group.logLength) {",
    tests: [directory],
  },
  "a group with sessions is forgotten": {
    promise: promised("server", "`group-directory.ts` holds the groups that have members connected here"),
    file: "core/server/groups/group-directory.ts",
    from: "(group) => group.sessions.size === 0 && now - group.idleSinceMs > idleMsMax,",
    to: "(group) => now - group.idleSinceMs > idleMsMax,",
    tests: [directory],
  },
  "an idle group stays subscribed on the bus": {
    promise: promised(
      "protocol",
      "the sender wants the messages of the groups in `join`, and those in `leave` no more",
    ),
    file: "core/server/groups/group-directory.ts",
    from: "    this.#bus.unsubscribe(idle.map((group) => group.id));\n",
    to: "",
    tests: [directory],
  },
  "the sweep brings no lost message": {
    promise: promised("server", "`sweep.ts` compares with the database and repairs what was lost"),
    file: "core/server/groups/sweep.ts",
    from: "if (before !== undefined && group.deliveredSeq < before) await this.#deliverMissing(group, ahead.lastSeq);\n        else if",
    to: "if (before === undefined && group.deliveredSeq < 0) await this.#deliverMissing(group, ahead.lastSeq);\n        else if",
    tests: [sweep],
  },
  "the sweep brings no lost change": {
    promise: promised("server", "`sweep.ts` compares with the database and repairs what was lost"),
    file: "core/server/groups/sweep.ts",
    from: "if (ahead.logLength > group.logLength) await refreshGroup(this.#server, group.id);",
    to: "",
    tests: [sweep],
  },
  "the sweep brings no lost admission": {
    promise: promised("server", "`sweep.ts` compares with the database and repairs what was lost"),
    file: "core/server/groups/sweep.ts",
    from: "      await this.#lostAdmissions();\n",
    to: "",
    tests: [sweep],
  },
  "a member is online who has gone": {
    promise: promised("protocol", "From then on both come with what has changed"),
    file: "core/server/groups/presence.ts",
    from: "if (this.#watches.has(group)) this.#changed.add(group);",
    to: "",
    tests: [presence],
  },
  "a read cursor moves back": {
    promise: promised("protocol", "the cursor only ever moves on"),
    file: "core/server/groups/presence.ts",
    from: "if (seq > (cursors.get(user) ?? 0)) cursors.set(user, seq);",
    to: "cursors.set(user, seq);",
    tests: [presence],
  },
  "who stops watching goes on getting presence": {
    promise: promised("protocol", "gathered for 100 ms, until `close`"),
    file: "core/server/groups/presence.ts",
    from: "    session.connection.unsubscribe(group.presenceTopic);\n",
    to: "",
    tests: [presence],
  },
  "a late answer to an earlier watch is added to that of the later one": {
    promise: promised("protocol", "it replaces all that the sender has said before of who is connected to it"),
    file: "core/server/groups/presence.ts",
    from: "if (!users || frame.complete) {",
    to: "if (!users) {",
    tests: [presence],
  },
};
