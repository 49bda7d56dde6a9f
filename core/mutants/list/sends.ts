import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const once = promised("protocol", "A client message id is stored once for each group and sender");
const order = promised("protocol", "get seqs in the order in which they were sent");
const keepsTurn = promised("protocol", "the server refuses everything behind it as well");
const writer = "core/store/ingest/ingest-writer.test.ts";
const intake = "core/server/sends/send-intake.test.ts";
const turns = "core/server/sends/send-turns.test.ts";

/** Messages on their way into the database. */
export const sendMutants: Mutants = {
  "a resend is stored again": {
    promise: once,
    file: "core/store/ingest/commit.ts",
    from: "const storedBefore = suspects.length === 0 ? undefined : await findStored(client, batch, suspects);",
    to: "const storedBefore = suspects.length === 0 ? undefined : new Map<number, StoredBefore>();",
    tests: [writer],
  },
  "a resend gets the time of the second try": {
    promise: promised("protocol", "it is acknowledged with the seq and the time of the first one"),
    file: "core/store/ingest/commit.ts",
    from: "      batch.setSentAt(row, before.sentAt);\n",
    to: "",
    tests: [writer],
  },
  "a resend is delivered to everybody again": {
    promise: once,
    file: "core/store/ingest/commit.ts",
    from: "    const before = storedBefore?.get(row);\n    if (before) {",
    to: "    const before = storedBefore?.get(row);\n    if (before) {\n      batch.fresh[row] = true;",
    tests: [writer],
  },
  "a message that comes twice in a batch gets two seqs": {
    promise: once,
    file: "core/store/ingest/commit.ts",
    from: "firstOf.set(key, row);",
    to: "firstOf.set(`${key} ${row}`, row);",
    tests: [writer],
  },
  "a seq is left out": {
    promise: promised("protocol", "dense, from 1"),
    file: "core/store/ingest/commit.ts",
    from: "const seq = nextSeq(newest.get(id) ?? group.last_seq);",
    to: "const seq = nextSeq(nextSeq(newest.get(id) ?? group.last_seq));",
    tests: [writer],
  },
  "the group's last seq is not written": {
    promise: promised("store", "the same transaction writes the groups' new `last_seq`"),
    file: "core/store/ingest/commit.ts",
    from: "values: [bigintArray([...numbered.newest.keys()]), bigintArray([...numbered.newest.values()])],",
    to: "values: [bigintArray([]), bigintArray([])],",
    tests: [writer],
  },
  "one bad row fails its whole batch": {
    promise: promised("store", "and only that row fails"),
    file: "core/store/ingest/ingest-writer.ts",
    from: "if (await this.#commitOneByOne(batch)) return;",
    to: 'for (let row = 0; row < batch.count; row++) batch.faults[row] = { code: "internal" };\n          return;',
    tests: [writer],
  },
  "messages are acknowledged that were never stored while the database was away": {
    promise: promised("protocol", "An entry means that the message is on the database's disk"),
    file: "core/store/ingest/ingest-writer.ts",
    from: "        await this.#backOff(cause, attempt);\n      } finally {",
    to: "        await this.#backOff(cause, attempt);\n        return;\n      } finally {",
    tests: ["core/store/ingest/ingest-chaos.test.ts", "core/store/ingest/lost-answer.test.ts"],
  },
  "a full writer takes messages in": {
    promise: promised("store", "when the batch is full, `append` refuses"),
    file: "core/store/ingest/row-batch.ts",
    from: "if (this.count >= this.#rowsMax || end + copyEnd.length > this.#bytesMax) return false;",
    to: "if (end + copyEnd.length > this.#bytesMax) return false;",
    tests: ["core/store/ingest/row-batch.test.ts", writer],
  },
  "an acknowledgement comes before the commit": {
    promise: promised("protocol", "An entry means that the message is on the database's disk"),
    file: "core/store/ingest/ingest-writer.ts",
    from: "      await this.#commit(batch);\n",
    to: "      void this.#commit(batch);\n",
    tests: [writer],
  },
  "a message over the budget is taken in": {
    promise: promised("protocol", "`rate_limited` is about all messages of the user at this server"),
    file: "core/server/sends/send-intake.ts",
    from: "if (before === 0 && budget.take(now) === 0) return true;",
    to: "if (before === 0) return true;",
    tests: [intake],
  },
  "a message behind a refused one is taken in": {
    promise: keepsTurn,
    file: "core/server/sends/send-intake.ts",
    from: "    return this.#turns.before(group, turn);",
    to: "    return this.#turns.before(group, turn) < 0 ? 1 : 0;",
    tests: [intake],
  },
  "a message that waited is taken in before one that was refused meanwhile": {
    promise: keepsTurn,
    file: "core/server/sends/send-intake.ts",
    from: "const refusal = this.#turnsBefore(frame) > 0 ? this.#isBehind(id) : this.#takeIn(frame, group, user);",
    to: "const refusal = this.#takeIn(frame, group, user);",
    tests: [intake],
  },
  "a message overtakes those that wait for their group": {
    promise: order,
    file: "core/server/sends/send-intake.ts",
    from: "if (this.#waiting?.has(id) || !group",
    to: "if (!group",
    tests: [intake],
  },
  "a client that leaves its turn open goes on for ever": {
    promise: promised("protocol", "and then ends the connection with `turn_missed`"),
    file: "core/server/sends/send-intake.ts",
    from: "if (before > 0 && this.#turns?.isMissed(frame.group, frame.turn, now)) {",
    to: "if (before < 0) {",
    tests: [intake],
  },
  "bit 1 is not obeyed": {
    promise: promised("protocol", "with bit 1 the server forgets the turns of *all* messages"),
    file: "core/server/sends/send-intake.ts",
    from: "if (skipsRefused && type === messageTypes.application) this.#turns?.skipTo(id, frame.turn);",
    to: "",
    tests: [intake],
  },
  "a payload over the bound is taken in": {
    promise: promised("security", "What a connection, a user or a file may take is bounded"),
    file: "core/server/sends/send-intake.ts",
    from: "if (frame.payload.length > limits.payloadBytesMax) return",
    to: "if (frame.payload.length > 2 * limits.payloadBytesMax) return",
    tests: [intake],
  },
  "a stranger's message is taken in": {
    promise: promised("protocol", "`not_a_member`"),
    file: "core/server/sends/send-intake.ts",
    from: `if (!group?.members.has(user)) return { code: "not_a_member" };`,
    to: `if (!group) return { code: "not_a_member" };`,
    tests: [intake],
  },
  "a message of an old epoch is taken in": {
    promise: promised("protocol", "a server that finds another epoch in force answers `stale_epoch`"),
    file: "core/server/sends/send-intake.ts",
    from: `if (epoch !== group.epoch) return`,
    to: `if (epoch > group.epoch) return`,
    tests: [intake],
  },
  "a waiting message's payload is read after its frame has gone": {
    promise: promised("server", "The bytes of a frame are valid during the call that brings them"),
    file: "core/server/sends/send-intake.ts",
    from: "payload: copyBytes(frame.payload)",
    to: "payload: frame.payload",
    tests: [intake],
  },
  "a group that cannot be read is read again by nobody": {
    promise: promised("server", "a temporary refusal has `retryAfterMs`"),
    file: "core/server/sends/send-intake.ts",
    from: "      this.#waiting?.delete(id);\n",
    to: "",
    tests: [intake],
  },
  "a handshake message waits for refused ones": {
    promise: promised("protocol", "It keeps no turn, and does not wait for those of others"),
    file: "core/server/sends/send-intake.ts",
    from: "if (!this.#turns || type !== messageTypes.application) return 0;",
    to: "if (!this.#turns) return 0;",
    tests: [intake],
  },
  "turns are without a bound": {
    promise: promised("protocol", "A server keeps 1,024 turns for a connection"),
    file: "core/server/sends/send-turns.ts",
    from: "} else if (this.#count >= limits.sendTurnsMax) {",
    to: "} else if (this.#count < 0) {",
    tests: [turns],
  },
  "a message that is refused again may come at the time of its first refusal": {
    promise: keepsTurn,
    file: "core/server/sends/send-turns.ts",
    from: "      own.againMs = againMs;\n",
    to: "",
    tests: [turns],
  },
  "a message that is stored keeps its turn": {
    promise: keepsTurn,
    file: "core/server/sends/send-turns.ts",
    from: "if (turns && own !== -1) this.#drop(group, turns, own, 1);",
    to: "if (turns && own > 0) this.#drop(group, turns, own, 1);",
    tests: [turns],
  },
  "after a commit with a lost answer members are not told": {
    promise: promised("store", "looks for every row, and delivers all of them"),
    file: "core/store/ingest/ingest-writer.ts",
    from: "if (doubtful) markFresh(batch);",
    to: "",
    tests: ["core/store/ingest/ingest-writer.test.ts", "core/store/ingest/lost-answer.test.ts"],
  },
  "the statement stores a message of another epoch": {
    promise: promised("protocol", "a server that finds another epoch in force answers `stale_epoch`"),
    file: "core/store/ingest/commit.ts",
    from: "ON locked.id = incoming.group_id AND locked.epoch = incoming.epoch",
    to: "ON locked.id = incoming.group_id",
    tests: ["core/store/ingest/ingest-writer.test.ts"],
  },
  "the statement stores a message in an epoch without a key": {
    promise: promised(
      "protocol",
      "A handshake message gets a seq and is delivered like any other, also in an epoch without a key",
    ),
    file: "core/store/ingest/commit.ts",
    from: "AND (locked.keyed OR incoming.type = ${messageTypes.handshake})",
    to: "",
    tests: ["core/store/ingest/ingest-writer.test.ts"],
  },
};
