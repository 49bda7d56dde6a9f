/** A mutant of Stryker's with which all tests passed. */
export interface Survivor {
  readonly file: string;
  readonly line: number;
  /** The lines that it changes. */
  readonly code: string;
  /** Stryker's name of what it does, such as `StringLiteral`. */
  readonly mutator: string;
  readonly replacement: string;
}

/** Mutants that no test needs to catch, and why. */
export interface Accepted {
  /** The file, or the folder, with a slash at its end. */
  readonly in: string;
  /** A piece of the lines that they change; all lines without. */
  readonly code?: string;
  /** All mutators without. */
  readonly mutator?: string;
  readonly why: string;
}

/** The first row that accepts a survivor. */
export function acceptedBy(survivor: Survivor, rows: readonly Accepted[] = accepted): Accepted | undefined {
  return rows.find(
    ({ in: place, code = "", mutator = survivor.mutator }) =>
      (survivor.file === place || (place.endsWith("/") && survivor.file.startsWith(place))) &&
      survivor.code.includes(code) &&
      survivor.mutator === mutator,
  );
}

/** Each was read: it changes nothing that anybody could notice, or nothing that anybody was promised. */
export const accepted: readonly Accepted[] = [
  {
    in: "core/platform/replace-file.ts",
    code: "flush: true",
    mutator: "BooleanLiteral",
    why: "Only a machine that loses its power shows whether a text had reached the disk",
  },
  {
    in: "core/platform/thread-calls.ts",
    code: "if (call === undefined) throw cause;",
    why: "It is seen in a thread of its own, where `thread-calls.test.ts` sees it, and into which these mutants do not come",
  },
  {
    in: "core/platform/pool.ts",
    code: "return workerData;",
    why: "It is seen in a pool's threads, where `pool.test.ts` sees it, and into which these mutants do not come",
  },
  {
    in: "core/wire/cbor.ts",
    code: "text.length === this.pos() - from",
    why: "A shortcut for speed: text that is decoded a second time, strictly, is the same text or is refused",
  },
  {
    in: "core/wire/cbor.ts",
    code: "minor < 24",
    mutator: "ConditionalExpression",
    why: "The head would have a fraction of a byte more, which is cut off where the text is cut out",
  },
  {
    in: "core/wire/deliver-frame.ts",
    code: "#index = -1;",
    mutator: "UnaryOperator",
    why: "Before the first frame the cursor has no messages, so that any index is behind the last",
  },
  {
    in: "core/wire/frame.ts",
    code: "byCode.get(code)?.kind",
    mutator: "OptionalChaining",
    why: "The map has every code of the table that it was made of; the question mark is for the compiler",
  },
  {
    in: "core/wire/membership.ts",
    code: "next[0] < eldest[0]",
    mutator: "EqualityOperator",
    why: "No two members have one id, so that none is equal to another's",
  },
  {
    in: "core/wire/protocol/write-protocol.ts",
    why: "The command only writes the files, and a test compares them with what it would write",
  },
  {
    in: "core/wire/protocol/written-fields.ts",
    code: ': "schema"',
    mutator: "StringLiteral",
    why: "Every schema of a field is of the library's own kinds; the word is for the compiler",
  },
  {
    in: "core/wire/protocol/written-fields.ts",
    code: "z.toJSONSchema(schema",
    mutator: "StringLiteral",
    why: "Only the bound of a list is read, and the options are about what its elements are written as",
  },
  {
    in: "core/wire/user-name.ts",
    code: "name.length > 4 * limits.userNameLengthMax",
    mutator: "ConditionalExpression",
    why: "A shortcut for speed: up to Unicode 15 no longer name has 32 characters or fewer once it is folded",
  },
  {
    in: "core/e2ee/content.ts",
    code: "satisfies never",
    why: "The compiler shows that every case is dealt with, so this one never comes",
  },
  {
    in: "core/e2ee/fernet.ts",
    code: "tail.length === 0 ? message",
    mutator: "ConditionalExpression",
    why: "A shortcut for speed: a message that is joined with nothing is a copy of itself",
  },
  {
    in: "core/e2ee/identity-pem.ts",
    code: "const keys: KeyObject[] = [];",
    mutator: "ArrayDeclaration",
    why: "Keys are found in the list by their kind, and whatever else it held would have none",
  },
  {
    in: "core/e2ee/identity-pem.ts",
    code: "} catch {\n    return undefined;",
    mutator: "BlockStatement",
    why: "A function that ends without a value gives the same as one that returns undefined",
  },
  {
    in: "core/e2ee/identity-pem.ts",
    code: "outer.value[index]",
    why: "Whatever is no node has no value, and is found out one step further on",
  },
  {
    in: "core/e2ee/identity-pem.ts",
    code: "throw new Error(`no ",
    why: "Anything that is thrown there means that the parameters cannot be read; nobody sees the words",
  },
  {
    in: "core/e2ee/identity-pem.ts",
    code: 'label = "", body = ""',
    mutator: "StringLiteral",
    why: "Both groups are in every match of the expression; the empty texts are for the compiler",
  },
  {
    in: "core/e2ee/identity.ts",
    code: "has no public key in it",
    mutator: "StringLiteral",
    why: "Only in the compiler's types is there an Ed25519 key without its public half",
  },
  {
    in: "core/e2ee/opaque-server.ts",
    code: '""',
    mutator: "StringLiteral",
    why: "It begins nobody's login, for which any name and any password will do",
  },
  {
    in: "core/e2ee/public-identity.ts",
    code: "details?.modulusLength",
    mutator: "OptionalChaining",
    why: "An RSA key always has details; the question mark is for the compiler",
  },
  {
    in: "core/client/text/harmless.ts",
    code: "\\n]*$/.test(text)) return text;",
    why: "A shortcut for speed: of printable ASCII, every cluster is drawn as it is",
  },
  {
    in: "core/client/text/harmless.ts",
    code: "point < 0x20",
    mutator: "EqualityOperator",
    why: "A space steers nothing and hides nothing, so it never comes here",
  },
  {
    in: "core/client/text/clusters.ts",
    code: "new Intl.Segmenter(",
    mutator: "ObjectLiteral",
    why: "Clusters are what a segmenter finds unless something else is asked for",
  },
  {
    in: "core/client/text/clusters.ts",
    code: "if (isPrintableAscii(text)) {",
    why: "A shortcut for speed: the segmenter finds the same in ASCII",
  },
  {
    in: "core/client/text/clusters.ts",
    code: "to === text.length",
    mutator: "ConditionalExpression",
    why: "A shortcut for speed: the last cluster of all is found again, and is whole where it begins a stretch",
  },
  {
    in: "core/client/text/mentions.ts",
    code: 'word = ""',
    mutator: "StringLiteral",
    why: "What fits has a name, so nothing stands in for it",
  },
  {
    in: "core/client/text/group-lookup.ts",
    code: "toLowerCase()",
    mutator: "MethodExpression",
    why: "Case makes no difference, whichever of the two it is turned to",
  },
  {
    in: "core/platform/comma-list.ts",
    code: "refusal",
    mutator: "StringLiteral",
    why: "No list has an item that is empty text, and the reason of its refusal says the same for any text that is no item",
  },
  {
    in: "core/platform/log.ts",
    code: "destination({",
    why: "A process that is killed shows it, and what only another process reaches is not counted as reached",
  },
  {
    in: "core/platform/loop-lag.ts",
    code: "monitorEventLoopDelay(",
    mutator: "ObjectLiteral",
    why: "How finely the system itself measures would be seen only by a test that measures time",
  },
  {
    in: "core/platform/bounded-queue.ts",
    code: "this.#ring",
    mutator: "MethodExpression",
    why: "How much room a queue has before it needs it changes nothing but memory",
  },
  {
    in: "core/platform/bounded-queue.ts",
    code: "this.#grow()",
    why: "A queue that grows before it has to takes memory, and gives the same answers",
  },
  {
    in: "core/platform/bounded-queue.ts",
    code: "i < this.#length; i++) larger[i]",
    mutator: "EqualityOperator",
    why: "The place behind the last item is free, and the next item overwrites what was copied there",
  },
  {
    in: "core/platform/descriptors.ts",
    code: "limits",
    mutator: "StringLiteral",
    why: "Linux and Node's report name the same bound, in the same letters of ASCII",
  },
  {
    in: "core/platform/descriptors.ts",
    code: "existsSync(file)",
    mutator: "StringLiteral",
    why: "Linux has both folders, which show the same, and other systems have the second alone",
  },
  {
    in: "core/platform/descriptors.ts",
    code: "directory === undefined",
    why: "Only a system that does not show its descriptors tells the difference, and the tests need one that does",
  },
  {
    in: "core/platform/descriptors.ts",
    code: "statSync(directory).size",
    mutator: "LogicalOperator",
    why: "Where the system does not give the number by itself, the folder is counted, which gives the same",
  },
  {
    in: "core/platform/migration-files.ts",
    code: "return readdirSync(directory)",
    mutator: "MethodExpression",
    why: "Node reads a folder in the order of the names as it is, and does not promise it",
  },
  {
    in: "core/platform/thread-calls.ts",
    code: "this.#waiting.",
    mutator: "CallExpression",
    why: "Forgetting what was answered frees memory: a promise that is settled does not settle again",
  },
  {
    in: "core/platform/thread-calls.ts",
    code: "this.#calls++",
    mutator: "UpdateOperator",
    why: "The numbers of calls only have to differ from each other",
  },
  {
    in: "core/platform/thread-calls.ts",
    code: "code !== undefined && advice !== undefined",
    mutator: "ConditionalExpression",
    why: "Only a Failure has advice, and each has a code",
  },
  {
    in: "core/platform/written-section.ts",
    code: "to < from",
    mutator: "EqualityOperator",
    why: "Two comments that differ do not begin at one place",
  },
  {
    in: "core/platform/thread-calls.ts",
    code: ".connected)",
    mutator: "OptionalChaining",
    why: "A process that is connected to another can send",
  },
  {
    in: "core/cluster/assigning/roster.ts",
    code: "a.server < b.server",
    mutator: "EqualityOperator",
    why: "No two servers have the same name",
  },
  {
    in: "core/cluster/assigning/reachable-url.ts",
    code: "} catch {",
    mutator: "BlockStatement",
    why: "A function that ends without a value returns undefined as well",
  },
  {
    in: "bench/statistics/machine-load.ts",
    code: "} catch {",
    mutator: "BlockStatement",
    why: "A function that ends without a value returns undefined as well",
  },
  {
    in: "bench/statistics/machine-load.ts",
    code: 'root = "/"',
    mutator: "StringLiteral",
    why: "Only a machine with a limit has one below its own root, and most have none",
  },
  {
    in: "bench/statistics/machine-load.ts",
    code: '"latin1"',
    mutator: "StringLiteral",
    why: "What the kernel writes there is ASCII, which is the same in every encoding",
  },
  {
    in: "bench/statistics/machine-load.ts",
    code: '?? "")',
    mutator: "StringLiteral",
    why: "What stands in for a missing file only has to be no line and no number of it",
  },
  {
    in: "bench/statistics/machine-load.ts",
    code: "?.[1]?.split(",
    why: "A line that fits has its fields, and one that does not fit has too few, whatever stands in for it",
  },
  {
    in: "bench/statistics/machine-load.ts",
    code: 'controllers = ""',
    mutator: "StringLiteral",
    why: "A line that fits has both",
  },
  {
    in: "bench/statistics/spread.ts",
    code: "resamples - 1",
    mutator: "ArithmeticOperator",
    why: "The interval is drawn by chance from 1,000 resamples, and the next but one is as good an end of it",
  },
  {
    in: "core/client/mail/connection.ts",
    code: "start before a login",
    why: "Only a program with a fault goes online before a login, and only its author sees the words",
  },
  {
    in: "core/client/mail/group-feed.ts",
    code: "#heard = false;",
    mutator: "BooleanLiteral",
    why: "It is set when a range is requested, and read when the range has come",
  },
  {
    in: "core/client/mail/group-feed.ts",
    code: "if (this.#held) this.#release(",
    mutator: "ConditionalExpression",
    why: "A shortcut for speed: where no frame is held, there is nothing to release",
  },
  {
    in: "core/client/mail/group-feed.ts",
    code: "if (moreBytes > 0 && ",
    mutator: "EqualityOperator",
    why: "A repeated frame of the same length has the same messages, so it does not matter which of the two is held",
  },
  {
    in: "core/client/mail/group-feed.ts",
    code: "if (held.size === 0) this.#held = undefined;",
    mutator: "ConditionalExpression",
    why: "It spares the memory of an empty table, and an empty one holds no frame",
  },
  {
    in: "core/client/mail/group-list.ts",
    code: "epoch > ",
    mutator: "EqualityOperator",
    why: "An epoch that is set to itself stays what it is",
  },
  {
    in: "core/client/mail/history-reader.ts",
    code: "this.#readings.delete(group)",
    why: "It spares memory: nobody takes what comes for a reading that is over, and the next one begins anew",
  },
  {
    in: "core/client/mail/lane.ts",
    code: "#givenUp",
    mutator: "ArrayDeclaration",
    why: "The mutant puts a text among numbers, which no program of ours can, and the text is before none of them",
  },
  {
    in: "core/client/mail/lane.ts",
    code: "order)",
    mutator: "EqualityOperator",
    why: "No two messages have one order, and none is compared with itself",
  },
  {
    in: "core/client/mail/lane.ts",
    code: "if (skips) ",
    mutator: "ConditionalExpression",
    why: "A shortcut for speed: a message that skips none has none before it that could be forgotten",
  },
  {
    in: "core/client/mail/outbox.ts",
    code: "if (epoch !== undefined) this.#parts.groups.sawEpoch",
    mutator: "ConditionalExpression",
    why: "No epoch is before one that is undefined, so the group would keep its own",
  },
  {
    in: "core/client/mail/outbox.ts",
    code: "encodeSend({ resend: false, skipsRefused: false,",
    mutator: "BooleanLiteral",
    why: "Both are set in the encoded frame each time it goes out",
  },
  {
    in: "core/client/mail/send-pace.ts",
    code: "#wasWaited = false;",
    mutator: "BooleanLiteral",
    why: "It is set when the server refuses a message, and read when the pause after that is over",
  },
  {
    in: "core/platform/closable-clock.ts",
    code: "this.#ends.delete(",
    mutator: "CallExpression",
    why: "It frees memory: to end what has ended changes nothing",
  },
  {
    in: "core/platform/closable-clock.ts",
    code: "        cancel();",
    mutator: "CallExpression",
    why: "It frees memory: to cancel a timer that has run changes nothing",
  },
  {
    in: "loadgen/threads/thread.ts",
    why: "The program of a thread does no more than connect parts that have tests; whole loads at servers run it",
  },
  {
    in: "loadgen/threads/load-thread.ts",
    why: "It starts a thread of the system and passes on calls; whole loads at servers run it",
  },
  {
    in: "loadgen/threads/thread-calls.ts",
    why: "It hands a thread what it was started with; whole loads at servers run it",
  },
  {
    in: "loadgen/threads/simulation.ts",
    code: "workload.seed * 31 + thread",
    mutator: "ArithmeticOperator",
    why: "Any number does that is another one for each thread and each seed",
  },
  {
    in: "loadgen/users/shared-key-pairs.ts",
    code: "inlineCrypto.generateKeys()",
    why: "Making a key pair takes a second; loads at servers make theirs here",
  },
  {
    in: "loadgen/stretch-result.ts",
    code: "delivery && uncorrected ?",
    mutator: "LogicalOperator",
    why: "Both are recorded with each delivery, so either there are both or there is neither",
  },
  {
    in: "loadgen/threads/simulation.ts",
    code: "setMaxListeners(",
    mutator: "CallExpression",
    why: "The Node that mutants run with does not warn of listeners to a signal; Node 20 does, where `simulation.test.ts` sees it",
  },
  {
    in: "loadgen/users/traffic.ts",
    code: "draw < drawsMax",
    mutator: "EqualityOperator",
    why: "Whether a sender is looked for 20 or 21 times before a message is left out is nobody's concern",
  },
  {
    in: "loadgen/users/crowd.ts",
    code: "workload.encryption.openShare",
    mutator: "ConditionalExpression",
    why: "Other modes have no share, and no number is less than none; the condition is for the compiler",
  },
  {
    in: "loadgen/users/observation.ts",
    code: "this.#breaches.length < breachesKept",
    why: "It spares memory: of what is kept, the audit is given as many as may be",
  },
  {
    in: "loadgen/workload/population.ts",
    code: "if (count * 4 > from.length)",
    why: "A shortcut for speed: either way draws so many different clients, each as likely as the others",
  },
  {
    in: "loadgen/audit/sequence-log.ts",
    code: "this.#high.length",
    why: "How much room a log has before it needs it changes nothing but memory",
  },
  {
    in: "loadgen/recorder/deployment-probe.ts",
    code: "a.server < b.server",
    mutator: "EqualityOperator",
    why: "No two servers have the same name",
  },
  {
    in: "loadgen/recorder/deployment-probe.ts",
    code: ".exec(line) ?? []",
    why: "What stands in for a line that does not fit has no name, and what stands in for labels no quantile",
  },
  {
    in: "loadgen/",
    code: "satisfies never",
    why: "The compiler shows that every case is dealt with, so this one never comes",
  },
  {
    in: "loadgen/",
    code: "deadline",
    mutator: "EqualityOperator",
    why: "Whether the last moment of a wait of seconds belongs to it is nobody's concern",
  },
  {
    in: "gui/layout/",
    code: "satisfies never",
    mutator: "ConditionalExpression",
    why: "The compiler shows that every case is dealt with, so this one never comes",
  },
  {
    in: "gui/model/",
    code: "satisfies never",
    mutator: "ConditionalExpression",
    why: "The compiler shows that every case is dealt with, so this one never comes",
  },
  {
    in: "gui/model/",
    code: "satisfies undefined",
    mutator: "ConditionalExpression",
    why: "Without it the function ends there, and returns undefined as well",
  },
  {
    in: "gui/model/commands.ts",
    code: ".exec(line) ?? []",
    why: "A line that begins with a slash fits the pattern at its beginning, whatever is behind it",
  },
  {
    in: "gui/model/completion.ts",
    code: "= word ?? []",
    why: "The pattern fits every text, the empty one too; the rest is for the compiler",
  },
  {
    in: "gui/model/editor.ts",
    code: "u.exec(text.slice(",
    mutator: "OptionalChaining",
    why: "The patterns fit every text, the empty one too; the question mark is for the compiler",
  },
  {
    in: "gui/model/editor.ts",
    code: "other < cursor",
    mutator: "EqualityOperator",
    why: "Where both are the same there is nothing between them, in either order",
  },
  {
    in: "gui/model/editor.ts",
    code: "at === start",
    mutator: "ConditionalExpression",
    why: "The beginning of a line is the edge of a character, so that looking for one finds it",
  },
  {
    in: "gui/model/message-window.ts",
    code: "other.key < key",
    mutator: "EqualityOperator",
    why: "A message that is known is taken out before its place is looked for, so that no other has its key",
  },
  {
    in: "gui/model/account-events.ts",
    code: "typing.has(sender)",
    mutator: "ConditionalExpression",
    why: "A shortcut: where the sender is not shown as writing, there is nothing to take out",
  },
  {
    in: "gui/model/offer.ts",
    code: "a < b",
    mutator: "EqualityOperator",
    why: "Names that are equal may stand in any order",
  },
  {
    in: "gui/model/composer.ts",
    code: "} catch {",
    mutator: "BlockStatement",
    why: "What begins with file: is no path of another kind, so that it is a text as well",
  },
  {
    in: "gui/model/dialogs/settings.ts",
    code: "?.[",
    why: "The value of a setting is one of its row's, so that it is found; the rest is for the compiler",
  },
  {
    in: "gui/model/editing-keys.ts",
    code: "action === undefined",
    mutator: "ConditionalExpression",
    why: "No action is called undefined, so that none is found; the question is for the compiler",
  },
  {
    in: "gui/model/step.ts",
    code: "group === undefined ?",
    mutator: "ConditionalExpression",
    why: "No conversation is kept under undefined, so that none is found; the question is for the compiler",
  },
  {
    in: "gui/layout/people.ts",
    code: "ByFacts.set(",
    why: "A shortcut for speed: what is not kept is made again",
  },
  {
    in: "gui/layout/message-shape.ts",
    code: "known !== undefined",
    mutator: "ConditionalExpression",
    why: "A shortcut for speed: what is kept for a group's facts is what would be made of them again",
  },
  {
    in: "gui/layout/message-shape.ts",
    code: "longestByFacts.set(",
    why: "A shortcut for speed: what is not kept is made again",
  },
  {
    in: "gui/layout/conversation.ts",
    code: "made.set(index, lines)",
    mutator: "CallExpression",
    why: "A shortcut for speed: what is not kept is made again",
  },
  {
    in: "gui/layout/conversation.ts",
    code: "if (known) return known;",
    mutator: "ConditionalExpression",
    why: "A shortcut for speed: what is kept for a view is what would be made again",
  },
  {
    in: "gui/layout/moment.ts",
    code: "at.getFullYear() * 10_000",
    mutator: "ArithmeticOperator",
    why: "Any number does that is another one for each day",
  },
  {
    in: "gui/layout/conversation.ts",
    code: "change.seq < seq",
    mutator: "EqualityOperator",
    why: "No change to a group has the seq of a message",
  },
  {
    in: "gui/layout/conversation.ts",
    code: "while (below < 0 && ",
    why: "A position that is looked for further down than it is, is found again on the way up",
  },
  {
    in: "gui/layout/panels/trust.ts",
    code: "changed[at] ?? []",
    mutator: "ArrayDeclaration",
    why: "Both numbers have as many blocks; the empty line is for the compiler",
  },
  {
    in: "gui/layout/marked-text.ts",
    code: "to > at",
    why: "An empty piece of a line takes no column, and nobody sees it",
  },
  {
    in: "gui/layout/people.ts",
    code: "if (known) return known;",
    mutator: "ConditionalExpression",
    why: "A shortcut for speed: what is kept for a group's facts is what would be made of them again",
  },
  {
    in: "core/e2ee/identity.ts",
    code: "the signing key has no public key in it",
    why: "For the compiler: a key of Ed25519 that Node exports always has its public half",
  },
];
