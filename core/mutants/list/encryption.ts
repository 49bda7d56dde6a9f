import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const rsaFernet = "core/e2ee/rsa-fernet.test.ts";
const golden = "core/e2ee/golden.test.ts";
const fernet = "core/e2ee/fernet.test.ts";
const ownAlone = promised("security", "A message opens for its own group, epoch, sender, id and type alone");
const noOldKey = promised(
  "security",
  "Nothing is sealed under a key without an entry in the log, and no old key passes for a new one",
);
const signedEntry = promised("security", "A server can add, remove and promote nobody, and begin no epoch");
const rules = "core/wire/membership.test.ts";
const inside = "core/e2ee/message-seal.ts";

/** What only members can read, and the rules of who is one. */
export const encryptionMutants: Mutants = {
  "a message of another type opens": {
    promise: ownAlone,
    file: inside,
    from: `  if (inside[1] !== envelope.type) return refused("wrong_type");\n`,
    to: "",
    tests: [rsaFernet],
  },
  "a message of another epoch opens": {
    promise: ownAlone,
    file: inside,
    from: `  if (readUint32(inside, 2) !== envelope.epoch) return refused("wrong_epoch");\n`,
    to: "",
    tests: [rsaFernet],
  },
  "a message of another group opens": {
    promise: ownAlone,
    file: inside,
    from: `  if (readUint53(inside, 6) !== envelope.group) return refused("wrong_group");\n`,
    to: "",
    tests: [rsaFernet],
  },
  "a message opens under another sender's name": {
    promise: ownAlone,
    file: inside,
    from: `  if (readUint53(inside, 14) !== envelope.sender) return refused("wrong_sender");\n`,
    to: "",
    tests: [rsaFernet],
  },
  "a message opens under another id": {
    promise: ownAlone,
    file: inside,
    from: `  if (readUint64(inside, 22) !== envelope.clientMessageId) return refused("wrong_message_id");\n`,
    to: "",
    tests: [rsaFernet],
  },
  "a message that nobody signed opens": {
    promise: ownAlone,
    file: inside,
    from: `  if (!verify(null, signed, senderKey, inside.subarray(signedBytes))) return refused("bad_signature");\n`,
    to: "",
    tests: [rsaFernet],
  },
  "a message's signature has no context": {
    promise: promised("protocol", "verify the signature, before using the body"),
    file: inside,
    from: `const signingContext = Buffer.from("fastchat message v1\\0");`,
    to: "const signingContext = Buffer.alloc(0);",
    tests: [golden],
  },
  "a token opens whatever its MAC": {
    promise: promised(
      "security",
      "The tokens are Fernet tokens as the specification and other implementations have them",
    ),
    file: "core/e2ee/fernet.ts",
    from: `if (!timingSafeEqual(mac, token.subarray(signedBytes))) return refused("wrong_key");`,
    to: `if (mac.length === 0) return refused("wrong_key");`,
    tests: [fernet],
  },
  "a token is as fresh as one likes": {
    promise: promised(
      "security",
      "The tokens are Fernet tokens as the specification and other implementations have them",
    ),
    file: "core/e2ee/fernet.ts",
    from: `    if (!(age <= freshness.ttlSeconds)) return refused("expired");\n`,
    to: "",
    tests: [fernet],
  },
  "two tokens of one message are the same": {
    promise: promised(
      "security",
      "The tokens are Fernet tokens as the specification and other implementations have them",
    ),
    file: "core/e2ee/fernet.ts",
    from: "const vector = options.dangerousFixedVector ?? randomBytes(blockBytes);",
    to: "const vector = options.dangerousFixedVector ?? Buffer.alloc(blockBytes);",
    tests: [fernet],
  },
  "a key to which the entry does not commit is taken": {
    promise: noOldKey,
    file: "core/e2ee/rsa-fernet.ts",
    from: "if (!equalBytes(commitToKey(group, epoch, key.value), committed.value.commitment))",
    to: "if (committed.value.commitment.length === 0)",
    tests: [rsaFernet],
  },
  "a commitment is the same in every epoch": {
    promise: noOldKey,
    file: "core/e2ee/key-wrap.ts",
    from: "    .update(groupEpochBytes(group, epoch))\n",
    to: "",
    tests: [golden],
  },
  "a wrapped key unwraps for any group, epoch and member": {
    promise: noOldKey,
    file: "core/e2ee/key-wrap.ts",
    from: `return { padding: crypto.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: oaepLabel(context) };`,
    to: `return { padding: crypto.RSA_PKCS1_OAEP_PADDING, oaepHash: context && "sha256" };`,
    tests: [rsaFernet, golden],
  },
  "a newcomer gets the keys of earlier epochs unasked": {
    promise: promised("security", "A newcomer gets no key of earlier epochs, unless the group was founded so"),
    file: "core/client/group/group-changes.ts",
    from: `const readBack = action === "admit" && membership.settings.history ? people : [];`,
    to: `const readBack = action === "admit" ? people : [];`,
    tests: ["core/client/group/newcomers.test.ts"],
  },
  "a newcomer gets the oldest keys where not all fit": {
    promise: promised("protocol", "the latest ones, when there are more than a change may bring keys"),
    file: "core/e2ee/rsa-fernet.ts",
    from: "sort(([a], [b]) => b - a)",
    to: "sort(([a], [b]) => a - b)",
    tests: [rsaFernet],
  },
  "an epoch begins with the key of the one before": {
    promise: promised("security", "Somebody who was removed, or has left, opens nothing that is sent afterwards"),
    file: "core/e2ee/rsa-fernet.ts",
    from: "const key = randomBytes(fernetKeyBytes);",
    to: "const key = [...(before?.keys.values() ?? [])].at(-1) ?? randomBytes(fernetKeyBytes);",
    tests: [rsaFernet],
  },
  "a title opens in another group": {
    promise: promised("protocol", "group and epoch are those of the entry"),
    file: "core/e2ee/rsa-fernet.ts",
    from: `    if (fields.value.group !== group) return refused("wrong_group");\n`,
    to: "",
    tests: [rsaFernet],
  },
  "keys that no message needs are kept": {
    promise: promised("security", "A stolen epoch key is worth nothing after the next rekey"),
    file: "core/e2ee/rsa-fernet.ts",
    from: "filter(([epoch]) => needed.has(epoch))",
    to: "filter(([epoch]) => epoch > 0 || needed.has(epoch))",
    tests: ["core/client/group/expiry.test.ts"],
  },
  "keys of epochs go whose messages have not come": {
    promise: promised("protocol", "Clients delete what they keep, too"),
    file: "core/client/group/conversation.ts",
    from: "const oldest = log.epochAt(this.#state.nextSeq ?? nextSeq(seqBeforeFirst)) ?? membership.epoch;",
    to: "const oldest = log.epochAt(nextSeq(seqBeforeFirst)) === undefined ? membership.epoch : membership.epoch;",
    tests: ["core/client/group/expiry.test.ts"],
  },
  "any member may change the group": {
    promise: signedEntry,
    file: "core/wire/membership.ts",
    from: "if (!actor.admin && !openToAll.has(entry.action)) return",
    to: "if (!actor && !openToAll.has(entry.action)) return",
    tests: [rules],
  },
  "an actor may have another identity than the group knows": {
    promise: signedEntry,
    file: "core/wire/membership.ts",
    from: "if (!actor || !equalBytes(actor.fingerprint, entry.actorFingerprint))",
    to: "if (!actor)",
    tests: [rules],
  },
  "a subject may have another identity than the group knows": {
    promise: signedEntry,
    file: "core/wire/membership.ts",
    from: "if (!member || !equalBytes(member.fingerprint, fingerprint))",
    to: "if (!member)",
    tests: [rules],
  },
  "somebody may be admitted twice": {
    promise: signedEntry,
    file: "core/wire/membership.ts",
    from: 'if (member) return refuse("invalid_change", `${user} is a member already`);',
    to: "",
    tests: [rules],
  },
  "an epoch may be left out": {
    promise: promised("protocol", "one more whenever somebody comes or goes or the key is renewed"),
    file: "core/wire/membership.ts",
    from: "if (entry.epoch !== epoch)",
    to: "if (entry.epoch < epoch)",
    tests: [rules],
  },
  "a group that somebody has left keeps its key": {
    promise: promised("security", "Somebody who was removed, or has left, opens nothing that is sent afterwards"),
    file: "core/wire/membership.ts",
    from: `keyed: entry.action === "leave" ? false : before.keyed || actionsWithNewKey.has(entry.action),`,
    to: "keyed: before.keyed || actionsWithNewKey.has(entry.action),",
    tests: [rules],
  },
  "a group whose last admin goes has none": {
    promise: promised(
      "protocol",
      "When an entry leaves members but no admin, the member of longest standing becomes admin",
    ),
    file: "core/wire/membership.ts",
    from: "members: withAnAdmin(members),",
    to: "members: members.size < 0 ? withAnAdmin(members) : members,",
    tests: [rules],
  },
  "a group takes any number of members": {
    promise: promised("protocol", "members of a group | `group_full`"),
    file: "core/wire/membership.ts",
    from: `  if (entry.action === "leave") members.delete(entry.actor);
  if (members.size > limits.groupMembersMax)`,
    to: `  if (entry.action === "leave") members.delete(entry.actor);
  if (members.size < 0)`,
    tests: [rules],
  },
};
