import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const connection = "core/client/mail/connection.test.ts";
const link = "core/client/mail/server-link.test.ts";
const outbox = "core/client/mail/outbox.test.ts";
const mailbox = "core/client/mail/mailbox.test.ts";
const again = promised(
  "protocol",
  "A connection may break at any time, without an error or a close frame. Then connect again and `resume`",
);
const session = promised("protocol", "`token_invalid` and `token_expired` mean that only the password helps");
const pause = promised("protocol", "`retryAfterMs` is how long to wait before the same request is sent again");
const bounds = promised(
  "protocol",
  "A client needs bounds of its own, or a server could make it spin or wait for ever",
);
const whole = promised("client", "The client believes the server nothing that it can check");
const views = promised(
  "client",
  "reading all sockets of a thread into one buffer, and passing frames on as views of it",
);
const why = promised("protocol", "`detail` is for people and for logs");
const pace = promised("protocol", "`rate_limited` is about all messages of the user at this server");
const answered = promised("protocol", "It does not send a message without an answer again over the same connection");
const epoch = promised("protocol", "a message is sealed again under the new epoch and sent under the *same* id");
const gaveUp = promised(
  "protocol",
  "When it gives up a message that was refused for now, the next one that it wrote to the group after that has bit 1",
);
const writing = promised("protocol", "in the order of writing");
const left = promised(
  "protocol",
  "The list agrees with every `joined` and `left` that came before it on the connection",
);
const hear = promised("client", "By read receipts the user's other machines learn how far they have read, too");

/** How a client comes back to its servers, and brings out what its user has written. */
export const mailMutants: Mutants = {
  "what comes over a connection that was given up is passed on": {
    promise: again,
    file: "core/client/mail/server-link.ts",
    from: `    if (this.#over) return;
    const kind`,
    to: "    const kind",
    tests: [connection, link],
  },
  "a link that is closed goes on until its socket has closed": {
    promise: again,
    file: "core/client/mail/server-link.ts",
    from: `    this.#ended(undefined, why);
`,
    to: "",
    tests: [link],
  },
  "the pauses between connections never begin anew": {
    promise: again,
    file: "core/client/mail/connection.ts",
    from: "this.#waitedMs >= goodMsMin) this.#failures = 0;",
    to: "this.#waitedMs >= goodMsMin) this.#failures += 0;",
    tests: [connection],
  },
  "after another login connections resume the session before": {
    promise: session,
    file: "core/client/mail/connection.ts",
    from: "    this.#token = outcome.value.token;",
    to: "    this.#token ??= outcome.value.token;",
    tests: [connection],
  },
  "who has to log in can ask no more whether that is still so": {
    promise: session,
    file: "core/client/mail/connection.ts",
    from: '      this.#wanted = false;\n      return this.#enter("loggedOut"',
    to: '      return this.#enter("loggedOut"',
    tests: [connection],
  },
  "a login goes to the server that has gone meanwhile": {
    promise: again,
    file: "core/client/mail/connection.ts",
    from: `    if (!opened.ok && assigned !== undefined && generation === this.#generation) return this.#connect(authenticate);
`,
    to: "",
    tests: [connection],
  },
  "a login that was refused is tried again and again": {
    promise: session,
    file: "core/client/mail/connection.ts",
    from: `    if (!outcome.ok && generation === this.#generation) this.close();
`,
    to: "",
    tests: [connection],
  },
  "a connection that broke behind its welcome counts as one": {
    promise: again,
    file: "core/client/mail/connection.ts",
    from: `    if (this.#link !== link) return refused({ code: "offline", detail: "the connection broke" });
`,
    to: "",
    tests: [connection],
  },
  "the pause of a server that refuses a session is not kept": {
    promise: pause,
    file: "core/client/mail/connection.ts",
    from: "retryAfterMs === undefined ? 0 : pauseMs(retryAfterMs, 0)",
    to: "retryAfterMs === undefined ? 0 : pauseMs(0, 0)",
    tests: [connection],
  },
  "a frame behind a reply is kept without its bytes": {
    promise: views,
    file: "core/client/mail/server-link.ts",
    from: "this.#behind.push(copyBytes(bytes))",
    to: "this.#behind.push(bytes)",
    tests: [link],
  },
  "the server's reason for the end of a connection is lost": {
    promise: why,
    file: "core/client/mail/server-link.ts",
    from: "if (frame.request === undefined) this.#said = frame.code;",
    to: "if (frame.request === undefined) return;",
    tests: [link],
  },
  "a request that was answered keeps its timer": {
    promise: bounds,
    file: "core/client/mail/server-link.ts",
    from: `        cancelTimeout();
        this.#waiting.delete(request);`,
    to: "        this.#waiting.delete(request);",
    tests: [link],
  },
  "an acknowledgement that is cut off is ignored": {
    promise: whole,
    file: "core/client/mail/server-link.ts",
    from: `    if (!parsed.ok) return this.#broken(parsed.reason.detail);
    for`,
    to: `    if (!parsed.ok) return;
    for`,
    tests: [link],
  },
  "the pace of one connection holds for the next": {
    promise: pace,
    file: "core/client/mail/outbox.ts",
    from: `  offline(): void {
    this.#pace.reset();`,
    to: "  offline(): void {",
    tests: [outbox],
  },
  "a refusal that comes twice has the message sent twice": {
    promise: answered,
    file: "core/client/mail/outbox.ts",
    from: "if (!message?.lane.isUnderWay(message)) return;",
    to: "if (!message) return;",
    tests: [outbox],
  },
  "a message to a group that nobody knows waits for ever": {
    promise: bounds,
    file: "core/client/mail/outbox.ts",
    from: "groups.epochOf(message.group) === undefined && message.takenAtMs < overdue",
    to: "groups.hasLeft(message.group) && message.takenAtMs < overdue",
    tests: [outbox],
  },
  "a message to a group whose notice is on its way fails": {
    promise: bounds,
    file: "core/client/mail/outbox.ts",
    from: " && message.takenAtMs < overdue",
    to: "",
    tests: [outbox],
  },
  "a message that was sealed before the epoch ended goes out as it is": {
    promise: epoch,
    file: "core/client/mail/outbox.ts",
    from: `      if ((message.sealedEpoch ?? epoch) < epoch) message.frame = undefined;
`,
    to: "",
    tests: [outbox],
  },
  "a message that was left behind while it was sealed has two outcomes": {
    promise: promised("client", "A message has one outcome"),
    file: "core/client/mail/outbox.ts",
    from: `    if (!this.#messages.has(message.id)) return;
    if (!sealed.ok) {`,
    to: "    if (!sealed.ok) {",
    tests: [outbox],
  },
  "behind a message that was refused for good the server is told not to wait": {
    promise: gaveUp,
    file: "core/client/mail/outbox.ts",
    from: `        message.lane.refusedForGood(message);
`,
    to: "",
    tests: [outbox],
  },
  "the refusal of a message behind a refused one slows everything down": {
    promise: pace,
    file: "core/client/mail/outbox.ts",
    from: "if (!message.lane.isBehindRefused(message)) this.#pace.refused(rejection);",
    to: "this.#pace.refused(rejection);",
    tests: [outbox],
  },
  "all of a long queue is sealed ahead of its turn": {
    promise: bounds,
    file: "core/client/mail/outbox.ts",
    from: "ahead < sealedAheadMax;",
    to: "ahead < Number.MAX_SAFE_INTEGER;",
    tests: [outbox],
  },
  "a closed mailbox keeps its timers": {
    promise: bounds,
    file: "core/client/mail/mailbox.ts",
    from: `    this.#clock.close();
`,
    to: "",
    tests: [mailbox],
  },
  "a message whose group is left has more than one outcome": {
    promise: promised("client", "A message has one outcome"),
    file: "core/client/mail/outbox.ts",
    from: "if (message.group === group) this.#settle(message, noMember);",
    to: "if (message.group === group) { this.#settle(message, noMember); this.left(group); }",
    tests: [outbox],
  },
  "after a reconnect groups are served in any order": {
    promise: writing,
    file: "core/client/mail/outbox.ts",
    from: `    firsts.sort((a, b) => a.order - b.order);
`,
    to: "",
    tests: [outbox],
  },
  "a group that was left while the client was away stays": {
    promise: left,
    file: "core/client/mail/mailbox.ts",
    from: `    for (const id of known) if (!listed.has(id)) this.#list.leave(id);
`,
    to: "",
    tests: [mailbox],
  },
  "how far the user has read elsewhere is not heard at the next connection": {
    promise: hear,
    file: "core/client/mail/mailbox.ts",
    from: `      this.#events.read?.(group.group, group.readSeq);
`,
    to: "",
    tests: [mailbox],
  },
  "a list that one connection refused is asked for again over the next": {
    promise: again,
    file: "core/client/mail/mailbox.ts",
    from: "if (this.#welcome === welcome) void",
    to: "void",
    tests: [mailbox],
  },
  "a dead connection is never left": {
    promise: promised("protocol", "connection after another 4 s without a byte"),
    file: "core/client/mail/pulse.ts",
    from: "      this.#dead(silentMs);\n",
    to: "      void silentMs;\n",
    tests: [connection],
  },
  "a connection over which a long frame comes slowly is left": {
    promise: promised("protocol", "any byte is one. Ours asks"),
    file: "core/client/mail/pulse.ts",
    from: "if (bytesRead !== this.#bytesRead) {",
    to: "if (bytesRead < this.#bytesRead) {",
    tests: [connection],
  },
  "after a sleep nobody asks whether the server is there": {
    promise: promised("protocol", "or that was asleep, asks for a sign of life"),
    file: "core/client/mail/pulse.ts",
    from: "if (slept || (",
    to: "if ((",
    tests: [connection],
  },
  "a server that acknowledges nothing is never left": {
    promise: promised("protocol", "a SEND has had neither an ACK nor a `reject` for 7 s"),
    file: "core/client/mail/outbox.ts",
    from: '      connection.leave("acknowledged a message", outcomeMsMax);\n',
    to: "",
    tests: [outbox],
  },
  "a slow line is taken for a dead one for ever": {
    promise: promised("protocol", "it waits twice as long, up to sixteen times"),
    file: "core/client/mail/connection.ts",
    from: "answerMs: answerMs * times,",
    to: "answerMs,",
    tests: [connection],
  },
  "a connection that was waited for in vain counts as a good one": {
    promise: promised("protocol", "Each time that this happens in a row it waits twice as long"),
    file: "core/client/mail/connection.ts",
    from: "    this.#waitedMs = waitedMs;\n",
    to: "",
    tests: [connection],
  },
  "a message that ends each connection is sent again for ever": {
    promise: promised("client", "A message for which a server ends the connection has failed"),
    file: "core/client/mail/outbox.ts",
    from: "if (first && underWay.length === 1) {",
    to: "if (first && underWay.length === 0) {",
    tests: [outbox],
  },
  "of several messages none is found that ends the connection": {
    promise: promised("client", "go out one by one until it is found"),
    file: "core/client/mail/outbox.ts",
    from: "    for (const message of underWay) this.#suspects.add(message);\n",
    to: "",
    tests: [outbox],
  },
  "a message that is too large when it is sealed is sent": {
    promise: promised("client", "one that is too large fails before it is sent"),
    file: "core/client/mail/outbox.ts",
    from: "if (payload.length > limits.payloadBytesMax) {",
    to: "if (payload.length > 2 * limits.payloadBytesMax) {",
    tests: [outbox],
  },
  "a server that says at once each time has the client ask without end": {
    promise: promised("client", "No server can make a client repeat itself quickly without end"),
    file: "core/client/mail/refusals.ts",
    from: "return Math.max(pauseMs(said, otherwise), own);",
    to: "return Math.max(pauseMs(said, otherwise), own * 0);",
    tests: ["core/client/mail/repetition.test.ts"],
  },
  "a client that is too old connects again for ever": {
    promise: promised("protocol", "tell the user to update; do not reconnect"),
    file: "core/client/mail/connection.ts",
    from: 'if (code === "unsupported_version") this.#outdated = true;',
    to: 'if (code === "unsupported_version") this.#outdated = false;',
    tests: [connection],
  },
};
