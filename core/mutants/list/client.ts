import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const feed = "core/client/mail/group-feed.test.ts";
const lane = "core/client/mail/lane.test.ts";
const outbox = "core/client/mail/outbox.test.ts";
const membership = "core/client/hostile/membership.test.ts";
const messages = "core/client/hostile/messages.test.ts";
const onDisk = "core/client/vault/on-disk.test.ts";
const inOrder = promised(
  "security",
  "A client fetches messages that were lost on the way, puts them in order, and a late one keeps its seq",
);
const oneChain = promised("security", "A log is one chain: a server cannot cut it");
const signed = promised("security", "A server can add, remove and promote nobody, and begin no epoch");
const crash = promised("security", "A crash loses no message that was taken in");
const order = promised("protocol", "A client that keeps its user's messages in order does this");

/** What a client believes, keeps and sends. */
export const clientMutants: Mutants = {
  "a frame that comes too early is passed on": {
    promise: inOrder,
    file: "core/client/mail/group-feed.ts",
    from: "if (firstSeq > this.#next) return this.#hold(firstSeq, frame);",
    to: "if (firstSeq > this.#next) this.#hold(firstSeq, frame);",
    tests: [feed],
  },
  "a message that comes twice is shown twice": {
    promise: promised("protocol", "A DELIVER may repeat seqs: drop them"),
    file: "core/client/mail/group-feed.ts",
    from: "      if (cursor.seq < this.#next) continue;\n",
    to: "",
    tests: [feed],
  },
  "a gap is never asked for": {
    promise: promised("protocol", "then request what is missing with `sync`"),
    file: "core/client/mail/group-feed.ts",
    from: "    this.#cancelPatience = undefined;\n    this.#fetch();",
    to: "    this.#cancelPatience = undefined;",
    tests: [feed],
  },
  "a held frame is kept without its bytes": {
    promise: inOrder,
    file: "core/client/mail/group-feed.ts",
    from: "this.#held.set(firstSeq, copyBytes(frame));",
    to: "this.#held.set(firstSeq, frame);",
    tests: [feed],
  },
  "what comes early is held without a bound": {
    promise: promised("client", "The client believes the server nothing that it can check"),
    file: "core/client/mail/group-feed.ts",
    from: "if (moreBytes > 0 && this.#heldBytes + moreBytes <= heldBytesMax) {",
    to: "if (moreBytes > 0) {",
    tests: [feed],
  },
  "a gap that the server says is none is passed over in silence": {
    promise: promised("security", "A withheld message leaves a gap, which the client reports"),
    file: "core/client/mail/group-feed.ts",
    from: "    this.#sink.missing(this.group, this.#next, seq(through));\n",
    to: "",
    tests: [feed],
  },
  "a server that never moves on is asked in a loop": {
    promise: promised("protocol", "A client needs bounds of its own, or a server could make it spin or wait for ever"),
    file: "core/client/mail/group-feed.ts",
    from: "const goesOn = this.#next - 1 > before && (this.#heard || through >= this.#requestedThrough);",
    to: "const goesOn = this.#next - 1 >= before;",
    tests: [feed],
  },
  "a message goes out before one that was refused": {
    promise: order,
    file: "core/client/mail/lane.ts",
    from: "this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, message);",
    to: "this.#waiting.push(message);\n    if (behind < -1) this.#waiting.pop();",
    tests: [lane],
  },
  "a message goes out while those before it may be refused": {
    promise: order,
    file: "core/client/mail/lane.ts",
    from: "    if (oldest.sentAfterRefusals < this.#refusals && oldest.order < message.order) return false;\n",
    to: "",
    tests: [lane, outbox],
  },
  "a message under a newer epoch goes out before the older ones are answered": {
    promise: promised(
      "protocol",
      "Under a newer epoch it sends nothing before everything that it has sent to the group under an older one is answered",
    ),
    file: "core/client/mail/lane.ts",
    from: "return oldest.sealedEpoch === message.sealedEpoch;",
    to: "return oldest.lane === message.lane;",
    tests: [lane, outbox],
  },
  "a message that was given up is not told to the server": {
    promise: promised("protocol", "the next one that it wrote to the group after that has bit 1"),
    file: "core/client/mail/lane.ts",
    from: "    if (!isStored && message.keepsTurn) this.#givenUp.push(message.order);\n",
    to: "",
    tests: [lane, outbox],
  },
  "after a reconnect messages go out in the order in which they were sent last": {
    promise: promised("protocol", "in the order of writing"),
    file: "core/client/mail/lane.ts",
    from: "const back = [...this.#underWay, ...this.#waiting].sort((a, b) => a.order - b.order);",
    to: "const back = [...this.#waiting, ...this.#underWay];",
    tests: [lane, outbox],
  },
  "a message that may be stored is sent again as a new one": {
    promise: promised("protocol", "sends it again, with bit 0 set"),
    file: "core/client/mail/outbox.ts",
    from: "const resend = message.sentBefore || message.wasSent;",
    to: "const resend = message.sentBefore;",
    tests: [outbox],
  },
  "a message is sealed once for all epochs": {
    promise: promised("protocol", "a message is sealed again under the new epoch and sent under the *same* id"),
    file: "core/client/mail/outbox.ts",
    from: "        message.frame = undefined;\n        // Sealed again",
    to: "        // Sealed again",
    tests: [outbox],
  },
  "after a restart the outbox is read last first": {
    promise: order,
    file: "core/client/vault/own-message-table.ts",
    from: "WHERE state = 'written' ORDER BY messages.id`,",
    to: "WHERE state = 'written' ORDER BY messages.id DESC`,",
    tests: [onDisk],
  },
  "what waits is sent in the order of the clock": {
    promise: order,
    file: "core/client/vault/own-message-table.ts",
    from: "WHERE state = 'written' ORDER BY messages.id`,",
    to: "WHERE state = 'written' ORDER BY id`,",
    tests: [onDisk],
  },
  "after a restart the outbox is sent last first": {
    promise: order,
    file: "core/client/group/own-messages.ts",
    from: "for (const message of this.#parts.keeper?.unsent() ?? []) {",
    to: "for (const message of [...(this.#parts.keeper?.unsent() ?? [])].reverse()) {",
    tests: ["core/client/account/person-at-machines.test.ts"],
  },
  "a written message is on the disk some time later": {
    promise: crash,
    file: "core/client/vault/vault-database.ts",
    from: `this.#database.pragma("synchronous = FULL");`,
    to: `this.#database.pragma("synchronous = NORMAL");`,
    tests: [onDisk],
  },
  "every write waits for the disk once one has": {
    promise: promised("client", "What servers have sent may be lost with the power"),
    file: "core/client/vault/vault-database.ts",
    from: `this.#database.pragma("synchronous = NORMAL");`,
    to: "",
    tests: [onDisk],
  },
  "a step is kept by halves": {
    promise: crash,
    file: "core/client/vault/vault-database.ts",
    from: `      this.run("ROLLBACK");\n      throw cause;`,
    to: `      this.run("COMMIT");\n      throw cause;`,
    tests: ["core/client/vault/vault.test.ts"],
  },
  "an entry is believed that its actor has not signed": {
    promise: signed,
    file: "core/client/group/group-log.ts",
    from: "if (!isSignedBy(parsed.value, actor.value.signing))",
    to: "if (!actor.value.signing)",
    tests: [membership],
  },
  "an entry of another group is believed": {
    promise: oneChain,
    file: "core/client/group/group-log.ts",
    from: `    if (entry.group !== this.#group) return logRefused("the log is another group's");\n`,
    to: "",
    tests: ["core/client/group/group-log.test.ts"],
  },
  "an entry may be shown in two forms": {
    promise: oneChain,
    file: "core/client/group/group-log.ts",
    from: "if (!equalBytes(known.hash, entryHash(bytes)))",
    to: "if (known.hash.length !== entryHash(bytes).length)",
    tests: ["core/client/group/group-log.test.ts"],
  },
  "an entry may move": {
    promise: oneChain,
    file: "core/client/group/group-log.ts",
    from: "if (known.seq !== seq) return logRefused",
    to: "if (known.seq < 0) return logRefused",
    tests: ["core/client/group/group-log.test.ts"],
  },
  "members who are shown different logs do not notice": {
    promise: promised("security", "show it to two members in two forms for longer than until the next message"),
    file: "core/client/group/message-opener.ts",
    from: "if (log.epochBehind(opened.value.logHead) !== epoch) {",
    to: "if (log.epochBehind(opened.value.logHead) === epoch + 1) {",
    tests: [membership],
  },
  "a message is believed at another seq": {
    promise: promised("security", "A message that is shown again with another seq is reported as replayed"),
    file: "core/client/group/message-opener.ts",
    from: `if (known !== undefined && known !== seq) return unreadable(`,
    to: `if (known !== undefined && known > seq) return unreadable(`,
    tests: [messages],
  },
  "a message is believed in an epoch that was not in force": {
    promise: promised("protocol", "its epoch is the one in force at s"),
    file: "core/client/group/message-opener.ts",
    from: `if (inForce !== epoch) return unreadable("stale_epoch"`,
    to: `if (inForce === undefined) return unreadable("stale_epoch"`,
    tests: [messages],
  },
  "a message of somebody who was no member is believed": {
    promise: promised("protocol", "p is a member in that epoch"),
    file: "core/client/group/message-opener.ts",
    from: "const fingerprint = log.history.memberIn(epoch, sender);",
    to: "const fingerprint = log.history.memberIn(epoch, sender) ?? log.membership?.members.get(sender)?.fingerprint;",
    tests: [messages, "core/client/hostile/older.test.ts"],
  },
  "an own message in another place is not reported": {
    promise: promised(
      "security",
      "Another message with the seq with which an own one was acknowledged is reported (`misplaced`)",
    ),
    file: "core/client/group/conversation.ts",
    from: "if (!this.#state.isClosed && shown !== seq) this.#events.misplaced?.(this.group, seq);",
    to: "if (!this.#state.isClosed && shown === undefined) this.#events.misplaced?.(this.group, seq);",
    tests: [messages],
  },
  "a URL in clear is believed under TLS": {
    promise: promised("protocol", "A client that asked under TLS refuses a URL that is not `wss:`"),
    file: "core/client/socket/dial.ts",
    from: `if (base.protocol === "https:" && url.protocol !== "wss:") return`,
    to: `if (base.protocol === "https:" && !url.protocol.startsWith("ws")) return`,
    tests: ["core/client/socket/dial.test.ts"],
  },
};
