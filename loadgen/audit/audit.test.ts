import assert from "node:assert/strict";
import { test } from "node:test";
import { DeliverCursor as Cursor, type DeliverCursor, encodeDeliver } from "../../core/wire/deliver-frame.ts";
import { seq as asSeq, clientMessageId, epoch, groupId, userId } from "../../core/wire/ids.ts";
import { encodeEntryBody, joinEntry, type MembershipAction } from "../../core/wire/membership-entry.ts";
import { type AuditResult, auditRun, type ThreadAudit } from "./audit.ts";
import { GroupObserver, type Stay } from "./group-observer.ts";
import { SequenceLog } from "./sequence-log.ts";

const group = groupId(7);
const actor = userId(1);

interface Message {
  readonly id: number;
  readonly at?: number;
  readonly entry?: Uint8Array;
}

function entry(action: MembershipAction, ...users: number[]): Uint8Array {
  const hash = Buffer.alloc(32);
  const subjects = users.map((user) => ({ user: userId(user), fingerprint: hash }));
  const body = { group, index: 1, epoch: epoch(2), action, actor, actorFingerprint: hash, subjects, previous: hash };
  return joinEntry(Buffer.alloc(64), encodeEntryBody(body));
}

/** A message id in its two halves of 32 bits. */
const halves = (id: number) => [Math.floor(id / 2 ** 32), id % 2 ** 32] as const;

/** A run of two clients in one group, made message by message, so that a test can break a promise. */
class Run {
  readonly observer: GroupObserver;
  readonly stays: readonly [Stay, Stay];
  readonly stored: SequenceLog;
  sent = 0;
  readonly #cursor: DeliverCursor = new Cursor();

  /** `base` is the group's last seq before the run. */
  constructor(base = 0) {
    this.observer = new GroupObserver(group, base);
    this.stays = [this.observer.enter(0, userId(1), base), this.observer.enter(1, userId(2), base)];
    this.stored = new SequenceLog(base);
  }

  deliver(to: Stay, seq: number, { id, at = 1, entry: payload }: Message): void {
    const bytes = encodeDeliver({
      group,
      firstSeq: asSeq(seq),
      messages: [
        {
          sender: actor,
          clientMessageId: clientMessageId(BigInt(id)),
          type: payload ? 1 : 0,
          sentAt: 0,
          epoch: epoch(at),
          payload: payload ?? new Uint8Array(4),
        },
      ],
    });
    assert.equal(this.#cursor.begin(bytes), undefined);
    this.#cursor.next();
    to.observer.delivered(to, this.#cursor);
  }

  /** A message is committed, kept, delivered to both and acknowledged. */
  all(seq: number, message: Message): void {
    this.keep(seq, message);
    for (const stay of this.stays) if (!stay.left) this.deliver(stay, seq, message);
    this.acknowledge(seq, message.id);
  }

  keep(seq: number, { id, at = 1 }: Message): void {
    this.sent++;
    this.stored.agrees(seq, ...halves(id), at);
  }

  /** Acknowledges a message to its sender: the first client, unless the test says another. */
  acknowledge(seq: number, id: number, client = 0): void {
    this.observer.acknowledged(client, seq, ...halves(id));
  }

  audit(more: Partial<ThreadAudit> = {}, others: readonly GroupObserver[] = []): AuditResult {
    const thread = (observer: GroupObserver): ThreadAudit => ({
      sent: this.sent,
      groups: [observer.record()],
      breaches: observer.breaches,
      reordered: observer.reordered,
      undecryptable: 0,
      strays: 0,
      ...more,
    });
    return auditRun([this.observer, ...others].map(thread), new Map([[group, this.stored.record()]]));
  }
}

function fails(result: AuditResult, promise: number, tallies: Partial<AuditResult>): void {
  assert.equal(result.passed, false);
  assert.ok(
    result.breaches.some((breach) => breach.promise === promise && breach.group === group),
    JSON.stringify(result.breaches),
  );
  assert.deepEqual({ ...result, ...tallies }, result);
}

test("a run in which all members got all messages passes, and its figures add up", () => {
  const run = new Run();
  for (let seq = 1; seq <= 5; seq++) run.all(seq, { id: seq });
  const { passed, sent, acked, expected, delivered, breaches } = run.audit();
  assert.deepEqual(
    { passed, sent, acked, expected, delivered, breaches },
    { passed: true, sent: 5, acked: 5, expected: 10, delivered: 10, breaches: [] },
  );
});

test("a group in which nobody wrote passes", () => {
  const { passed, expected, delivered } = new Run(1).audit();
  assert.deepEqual({ passed, expected, delivered }, { passed: true, expected: 0, delivered: 0 });
});

test("an acknowledged message that no member got breaks promise 1", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.acknowledge(2, 2);
  fails(run.audit(), 1, { lost: 1 });
});

test("a message that was acknowledged with another's seq breaks promise 1", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.acknowledge(1, 99);
  fails(run.audit(), 1, { lost: 1 });
});

test("a member who did not get the last message breaks promise 1", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.keep(2, { id: 2 });
  run.deliver(run.stays[0], 2, { id: 2 });
  fails(run.audit(), 1, { lost: 1, expected: 4, delivered: 3 });
});

test("a member who missed a message in the middle breaks promises 1 and 2", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  for (const seq of [2, 3]) run.keep(seq, { id: seq });
  for (const seq of [2, 3]) run.deliver(run.stays[0], seq, { id: seq });
  run.deliver(run.stays[1], 3, { id: 3 });
  const result = run.audit();
  fails(result, 1, { lost: 1, reordered: 1 });
  fails(result, 2, {});
});

test("two members who see different messages under one seq break promise 2, within a thread and across threads", () => {
  const run = new Run();
  run.keep(1, { id: 1 });
  run.deliver(run.stays[0], 1, { id: 1 });
  run.deliver(run.stays[1], 1, { id: 2 });
  fails(run.audit(), 2, { reordered: 1 });

  const across = new Run();
  across.all(1, { id: 1 });
  const elsewhere = new GroupObserver(group, 0);
  const other = new Run();
  other.deliver(elsewhere.enter(2, userId(3), 0), 1, { id: 2 });
  const stay = elsewhere.enter(3, userId(4), 0);
  const cursor = new Cursor();
  cursor.begin(
    encodeDeliver({
      group,
      firstSeq: asSeq(1),
      messages: [
        {
          sender: actor,
          clientMessageId: clientMessageId(2n),
          type: 0,
          sentAt: 0,
          epoch: epoch(1),
          payload: new Uint8Array(1),
        },
      ],
    }),
  );
  cursor.next();
  elsewhere.delivered(stay, cursor);
  const { breaches, sent } = across.audit({}, [elsewhere]);
  assert.ok(breaches.some(({ promise }) => promise === 2));
  assert.equal(sent, 2 * across.sent, "what all threads have sent is added up");
});

test("two members who see one message under different epochs break promise 2, within a thread and across threads", () => {
  const within = new Run();
  within.keep(1, { id: 1 });
  within.deliver(within.stays[0], 1, { id: 1, at: 1 });
  within.deliver(within.stays[1], 1, { id: 1, at: 2 });
  fails(within.audit(), 2, { reordered: 1 });

  const across = new Run();
  across.all(1, { id: 1, at: 1 });
  const elsewhere = new GroupObserver(group, 0);
  new Run().deliver(elsewhere.enter(2, userId(3), 0), 1, { id: 1, at: 2 });
  fails(across.audit({}, [elsewhere]), 2, { reordered: 1 });
});

test("hundreds of messages of one group are all audited", () => {
  const run = new Run();
  for (let seq = 1; seq <= 300; seq++) run.all(seq, { id: seq });
  const { passed, acked, delivered, lost, breaches } = run.audit();
  assert.deepEqual(
    { passed, acked, delivered, lost, breaches },
    { passed: true, acked: 300, delivered: 600, lost: 0, breaches: [] },
  );
});

test("a member who has left by themselves and gets more messages breaks promise 4", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.all(2, { id: 2, at: 2, entry: entry("leave", 1) });
  run.stays[0].left = true;
  run.all(3, { id: 3, at: 2 });
  assert.ok(run.audit().passed, JSON.stringify(run.audit().breaches));
  run.deliver(run.stays[0], 3, { id: 3, at: 2 });
  fails(run.audit(), 4, { trespassing: 1 });
});

test("a member who was removed, admitted and removed again may have everything up to the second removal", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.all(2, { id: 2, at: 2, entry: entry("remove", 2) });
  run.stays[1].left = true;
  run.all(3, { id: 3, at: 2 });
  const again = run.observer.enter(1, userId(2), 3);
  const third = { id: 4, at: 2 };
  const second = { id: 5, at: 3, entry: entry("remove", 2) };
  for (const [seq, message] of [
    [4, third],
    [5, second],
  ] as const) {
    run.all(seq, message);
    run.deliver(again, seq, message);
  }
  again.left = true;
  assert.ok(run.audit().passed, JSON.stringify(run.audit().breaches));
  run.all(6, { id: 6, at: 3 });
  run.deliver(again, 6, { id: 6, at: 3 });
  fails(run.audit(), 4, { trespassing: 1 });
});

test("a member who was admitted again and begins to read behind their removal is there until the next one", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.all(2, { id: 2, at: 2, entry: entry("remove", 2) });
  run.stays[1].left = true;
  const again = run.observer.enter(1, userId(2), 2);
  const admission = { id: 3, at: 3, entry: entry("admit", 2) };
  const removal = { id: 4, at: 4, entry: entry("remove", 2) };
  for (const [seq, message] of [
    [3, admission],
    [4, removal],
  ] as const) {
    run.all(seq, message);
    run.deliver(again, seq, message);
  }
  again.left = true;
  const { passed, breaches } = run.audit();
  assert.ok(passed, JSON.stringify(breaches));
});

test("whoever removes another may have everything up to their own leaving", () => {
  const run = new Run();
  run.all(1, { id: 1, at: 2, entry: entry("remove", 2) });
  run.stays[1].left = true;
  run.all(2, { id: 2, at: 2 });
  run.all(3, { id: 3, at: 3, entry: entry("leave") });
  run.stays[0].left = true;
  const { passed, breaches } = run.audit();
  assert.ok(passed, JSON.stringify(breaches));
});

test("a member who left, and whose leaving nobody saw, may have everything", () => {
  const run = new Run();
  for (const seq of [1, 2]) run.all(seq, { id: seq });
  for (const stay of run.stays) stay.left = true;
  const { passed, breaches } = run.audit();
  assert.ok(passed, JSON.stringify(breaches));
});

test("a message that the servers keep under another epoch breaks promise 1", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  for (const stay of run.stays) run.deliver(stay, 2, { id: 2, at: 2 });
  run.acknowledge(2, 2);
  run.keep(2, { id: 2, at: 3 });
  fails(run.audit(), 1, { notStored: 1 });
});

test("an observer has reached a seq when all who are still members have got it, and knows the last seq of an acknowledgement", () => {
  const { observer } = new Run();
  assert.deepEqual([observer.reached(0), observer.reached(1), observer.last], [true, false, 0]);
  observer.acknowledged(0, 7, 0, 1);
  assert.equal(observer.last, 7);
  observer.acknowledged(0, 6, 0, 2);
  assert.equal(observer.last, 7);
  const delivering = new Run();
  delivering.all(1, { id: 1 });
  assert.deepEqual([delivering.observer.reached(1), delivering.observer.reached(2)], [true, false]);
  delivering.deliver(delivering.stays[0], 2, { id: 2 });
  assert.deepEqual([delivering.observer.reached(2), delivering.observer.last], [false, 2]);
  delivering.stays[1].left = true;
  assert.equal(delivering.observer.reached(2), true);
});

test("a message with two seqs breaks promise 3", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.all(2, { id: 1 });
  fails(run.audit(), 3, { duplicated: 1 });
});

test("a message under an old epoch after one under a new epoch breaks promise 4", () => {
  const run = new Run();
  run.all(1, { id: 1, at: 1 });
  run.all(2, { id: 2, at: 2 });
  run.all(3, { id: 3, at: 1 });
  fails(run.audit(), 4, { trespassing: 1 });
});

test("a removed member who gets more messages breaks promise 4; one who gets no more does not", () => {
  for (const given of [0, 2]) {
    const run = new Run();
    run.all(1, { id: 1 });
    run.all(2, { id: 2, at: 2, entry: entry("remove", 2) });
    run.stays[1].left = true;
    for (const seq of [3, 4]) run.all(seq, { id: seq, at: 2 });
    for (let seq = 3; seq < 3 + given; seq++) run.deliver(run.stays[1], seq, { id: seq, at: 2 });
    const result = run.audit();
    if (given === 0) assert.ok(result.passed, JSON.stringify(result.breaches));
    else fails(result, 4, { trespassing: given });
    assert.deepEqual([result.expected, result.delivered], [6 + given, 6 + given]);
  }
});

test("a message with a lower seq than its sender's earlier one breaks promise 8; with a lower seq than another's, it does not", () => {
  const run = new Run();
  run.all(1, { id: 2 });
  run.all(2, { id: 1 });
  run.all(3, { id: 3 });
  fails(run.audit(), 8, { outOfTurn: 1, lost: 0, reordered: 0 });

  const another = new Run();
  for (const [seq, id, client] of [
    [1, 2, 0],
    [2, 1, 1],
  ] as const) {
    another.keep(seq, { id });
    for (const stay of another.stays) another.deliver(stay, seq, { id });
    another.acknowledge(seq, id, client);
  }
  assert.equal(another.audit().passed, true);
});

test("a delivered message that the servers do not keep, or keep another for, breaks promise 1", () => {
  for (const kept of [undefined, 99]) {
    const run = new Run();
    run.all(1, { id: 1 });
    for (const stay of run.stays) run.deliver(stay, 2, { id: 2 });
    run.acknowledge(2, 2);
    if (kept !== undefined) run.keep(2, { id: kept });
    fails(run.audit(), 1, { notStored: 1 });
  }
});

test("a message that could not be opened, or is of a group that the user is not in, fails the run", () => {
  for (const more of [{ undecryptable: 1 }, { strays: 1 }]) {
    const run = new Run();
    run.all(1, { id: 1 });
    assert.equal(run.audit(more).passed, false, JSON.stringify(more));
  }
});

test("a member who joins later need not get the messages before", () => {
  const run = new Run();
  for (let seq = 1; seq <= 3; seq++) run.all(seq, { id: seq });
  const late = run.observer.enter(2, userId(3), 3);
  run.keep(4, { id: 4 });
  for (const stay of [...run.stays, late]) run.deliver(stay, 4, { id: 4 });
  run.acknowledge(4, 4);
  const result = run.audit();
  assert.ok(result.passed, JSON.stringify(result.breaches));
  assert.equal(result.expected, 9);
});

test("each breach says what is wrong, where, and for whom", () => {
  const breaches = (of: (run: Run) => void) => {
    const run = new Run();
    run.all(1, { id: 1 });
    of(run);
    return run.audit().breaches;
  };
  const at = (seq: number, client?: number) => ({ group, seq, ...(client === undefined ? {} : { client }) });
  const seenByBoth = (run: Run, seq: number, message: Message) => {
    for (const stay of run.stays) run.deliver(stay, seq, message);
  };
  // Acknowledged and never seen, in the middle.
  assert.deepEqual(
    breaches((run) => {
      run.acknowledge(2, 2);
      run.keep(3, { id: 3 });
      run.deliver(run.stays[0], 3, { id: 3 });
    }),
    [
      { promise: 2, what: "expected 2", ...at(3, 0) },
      { promise: 1, what: "acknowledged and seen by nobody", ...at(2) },
      { promise: 1, what: "got 2 of the 3 messages after seq 0, and expects seq 4 next", ...at(3, 0) },
      { promise: 1, what: "got 1 of the 3 messages after seq 0, and expects seq 2 next", ...at(2, 1) },
    ].sort((a, b) => b.promise - a.promise),
  );
  assert.deepEqual(
    breaches((run) => run.acknowledge(1, 99)).filter(({ promise }) => promise === 1),
    [{ promise: 1, what: "acknowledged under the seq of another message", ...at(1) }],
  );
  assert.deepEqual(
    breaches((run) => run.all(2, { id: 1 })),
    [
      { promise: 3, what: "the message of seq 1 again", ...at(2) },
      { promise: 8, what: "was written before the sender's own message of seq 1", ...at(2, 0) },
    ],
  );
  assert.deepEqual(
    breaches((run) => {
      run.all(2, { id: 2, at: 3 });
      run.all(3, { id: 3, at: 2 });
    }),
    [{ promise: 4, what: "epoch 2 after epoch 3", ...at(3) }],
  );
  assert.deepEqual(
    breaches((run) => {
      run.all(2, { id: 2, at: 2, entry: entry("remove", 2) });
      run.stays[1].left = true;
      run.all(3, { id: 3, at: 2 });
      run.deliver(run.stays[1], 3, { id: 3, at: 2 });
    }),
    [{ promise: 4, what: "got messages after its removal at seq 2", ...at(3, 1) }],
  );
  assert.deepEqual(
    breaches((run) => seenByBoth(run, 2, { id: 2 })),
    [{ promise: 1, what: "delivered, and not what the servers keep under this seq", ...at(2) }],
  );
  assert.deepEqual(
    breaches((run) => {
      run.keep(2, { id: 2 });
      run.deliver(run.stays[0], 2, { id: 2 });
      run.deliver(run.stays[1], 2, { id: 3 });
    }),
    [{ promise: 2, what: "other members saw another message under this seq", ...at(2, 1) }],
  );
});

test("threads whose members saw different messages under one seq are told apart by it", () => {
  const [run, elsewhere, other] = [new Run(), new GroupObserver(group, 0), new Run()];
  run.all(1, { id: 1 });
  other.deliver(elsewhere.enter(2, userId(3), 0), 1, { id: 2 ** 32 + 1 });
  assert.deepEqual(run.audit({}, [elsewhere]).breaches, [
    { promise: 2, what: "two members saw different messages under one seq", group, seq: 1 },
  ]);
});

test("messages whose ids differ in either half are two messages", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.all(2, { id: 2 ** 32 + 1 });
  run.all(3, { id: 2 ** 32 + 2 });
  assert.equal(run.audit().duplicated, 0);
  run.acknowledge(3, 2);
  assert.equal(run.audit().lost, 1);
});

test("an acknowledgement that comes twice, or after a later message's, breaks no promise", () => {
  const run = new Run();
  for (const seq of [1, 2]) {
    run.keep(seq, { id: seq });
    for (const stay of run.stays) run.deliver(stay, seq, { id: seq });
  }
  for (const seq of [2, 1, 1]) run.acknowledge(seq, seq);
  const { passed, acked } = run.audit();
  assert.deepEqual([passed, acked], [true, 3]);
});

test("a member who got a message twice has lost none", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.all(2, { id: 2 });
  run.deliver(run.stays[1], 2, { id: 2 });
  fails(run.audit(), 2, { lost: 0, delivered: 5, expected: 4, reordered: 1 });
});

test("a member who got one message twice, and not the last one, breaks promise 1", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.keep(2, { id: 2 });
  run.deliver(run.stays[0], 2, { id: 2 });
  run.deliver(run.stays[1], 1, { id: 1 });
  fails(run.audit(), 1, { delivered: 4, expected: 4 });
});

test("a member who begins behind the last message need not get any", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  run.observer.enter(2, userId(3), 4);
  const { passed, expected } = run.audit();
  assert.deepEqual([passed, expected], [true, 2]);
});

test("an entry that cannot be parsed removes nobody", () => {
  const run = new Run();
  run.all(1, { id: 1, entry: new Uint8Array(3) });
  run.all(2, { id: 2 });
  assert.ok(run.audit().passed);
});

test("removals count in the order of their seqs, though threads saw them in another", () => {
  const [run, elsewhere, other] = [new Run(), new GroupObserver(group, 0), new Run()];
  const removal = (id: number, at: number) => ({ id, at, entry: entry("remove", 2) });
  run.all(1, removal(1, 1));
  run.stays[1].left = true;
  run.observer.enter(1, userId(2), 1).left = true;
  run.all(2, removal(2, 2));
  run.all(3, { id: 3, at: 2 });
  const stay = elsewhere.enter(2, userId(3), 1);
  other.deliver(stay, 2, removal(2, 2));
  other.deliver(stay, 3, { id: 3, at: 2 });
  const thread = (observer: GroupObserver): ThreadAudit => {
    const { breaches, reordered } = observer;
    return { sent: 0, groups: [observer.record()], breaches, reordered, undecryptable: 0, strays: 0 };
  };
  const stored = new Map([[group, run.stored.record()]]);
  for (const observers of [
    [run.observer, elsewhere],
    [elsewhere, run.observer],
  ]) {
    const { passed, breaches } = auditRun(observers.map(thread), stored);
    assert.ok(passed, JSON.stringify(breaches));
  }
  run.deliver(run.stays[1], 2, removal(2, 2));
  for (const observers of [
    [run.observer, elsewhere],
    [elsewhere, run.observer],
  ]) {
    fails(auditRun(observers.map(thread), stored), 4, { trespassing: 1 });
  }
});

test("what is kept is compared from where the reading began, in all parts of a message", () => {
  const run = new Run();
  for (const seq of [1, 2, 3]) for (const stay of run.stays) run.deliver(stay, seq, { id: seq });
  const audit = (base: number, high: number) => {
    const log = new SequenceLog(base);
    for (const seq of [2, 3]) log.agrees(seq, high, seq, 1);
    const { breaches, reordered } = run.observer;
    const groups = [run.observer.record()];
    return auditRun(
      [{ sent: 3, groups, breaches, reordered, undecryptable: 0, strays: 0 }],
      new Map([[group, log.record()]]),
    );
  };
  assert.equal(audit(1, 0).passed, true);
  assert.equal(audit(0, 0).notStored, 1, "the first is not kept");
  assert.equal(audit(1, 7).notStored, 2, "others are kept in their place");
});

test("a group that nobody could read again is compared with nothing", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  const { breaches, reordered } = run.observer;
  const thread = { sent: 1, groups: [run.observer.record()], breaches, reordered, undecryptable: 0, strays: 0 };
  assert.equal(auditRun([thread], new Map()).passed, true);
});

test("what was found while the run went on fails it, is added up, and comes first; fifty breaches are shown", () => {
  const run = new Run();
  run.all(1, { id: 1 });
  const breach = { promise: 1, what: "the server holds nothing at 3 to 4", group } as const;
  const found = run.audit({ breaches: [breach] });
  assert.deepEqual([found.passed, found.breaches], [false, [breach]]);
  for (let seq = 2; seq <= 60; seq++) run.acknowledge(seq, seq);
  const many = run.audit({ breaches: [breach], strays: 2, undecryptable: 3 });
  assert.deepEqual([many.breaches.length, many.breaches[0], many.lost], [50, breach, 59]);
  assert.deepEqual([many.trespassing, many.undecryptable], [2, 3]);
});

test("an observer keeps twenty breaches, and counts all", () => {
  const run = new Run();
  for (let time = 0; time < 25; time++) run.deliver(run.stays[0], 5, { id: 5 });
  assert.deepEqual([run.observer.reordered, run.observer.breaches.length], [25, 20]);
});

test("an observer writes down membership entries once each, and no other payloads", () => {
  const run = new Run();
  const bytes = entry("remove", 2);
  run.all(1, { id: 1 });
  run.all(2, { id: 2, entry: bytes });
  assert.deepEqual(
    run.observer.record().entries.map(([seq, of]) => [seq, Buffer.from(of)]),
    [[2, bytes]],
  );
});
