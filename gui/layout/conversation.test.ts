import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { present } from "../../core/testing/present.ts";
import { propertyRuns } from "../../core/testing/property-runs.ts";
import type { MessageRow } from "../model/shown.ts";
import type { ChatState, Conversation } from "../model/state.ts";
import { facts, messageIn, messages, pageOf, releaseTeam, releaseTeamSession } from "../testing/release-team.ts";
import { idOf } from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { conversationLines, scrolled, shownKeys } from "./conversation.ts";
import { textOfLine } from "./line.ts";
import { messageShape } from "./message-shape.ts";

const usual = { columns: 56, rows: 20 };

function chatWith(rows: readonly MessageRow[], change: Partial<Conversation> = {}): [ChatState, Conversation] {
  const { chat } = releaseTeamSession({ columns: 80, rows: 24 }).hear(pageOf(releaseTeam, rows));
  const conversation = chat.scene.conversations.get(releaseTeam);
  assert.ok(conversation);
  return [chat, { ...conversation, older: "none", newFrom: undefined, facts: { ...facts, changes: [] }, ...change }];
}

function textOf(
  rows: readonly MessageRow[],
  change: Partial<Conversation> = {},
  size = { columns: 90, rows: 60 },
): string[] {
  const [state, conversation] = chatWith(rows, change);
  return conversationLines(conversation, state, size).map(({ line }) => textOfLine(line).trimEnd());
}

const texts = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.constantFrom("short", "漢字".repeat(60), "a\nb\nc"),
);
const conversations = fc
  .array(fc.record({ text: texts, own: fc.boolean(), gap: fc.nat(4) }), { minLength: 1, maxLength: 40 })
  .map((said) =>
    said.map(({ text, own, gap }, at) => messageIn(at * 5 + gap + 1, text, { sender: idOf.user(own ? 1 : 2) })),
  );
const sizes = fc.record({ columns: fc.integer({ min: 20, max: 100 }), rows: fc.integer({ min: 2, max: 30 }) });
const changes = [3, 14, 15, 50, 120, 204].map((seq) => ({
  ...present(facts.changes[2]),
  seq: idOf.seq(seq),
  at: messageIn(seq, "").at,
}));

suite("scrolling", () => {
  test("a view that was scrolled up stays where it is when newer messages come", () => {
    fc.assert(
      fc.property(conversations, sizes, fc.integer({ min: 1, max: 60 }), texts, (rows, size, up, text) => {
        const [state, before] = chatWith(rows, { facts: { ...facts, changes } });
        const anchor = scrolled(before, state, size, up);
        if (!anchor) return;
        const anchored = { ...before, anchor };
        const later = { ...anchored, messages: [...rows, messageIn(205, text), messageIn(210, "later")] };
        assert.deepEqual(conversationLines(later, state, size), conversationLines(anchored, state, size));
      }),
    );
  });

  test("scrolling down by as much as up leads back to the same view", () => {
    fc.assert(
      fc.property(conversations, sizes, fc.nat(60), fc.nat(60), (rows, size, first, second) => {
        const [state, bottom] = chatWith(rows, { facts: { ...facts, changes } });
        const at = { ...bottom, anchor: scrolled(bottom, state, size, first) };
        const up = { ...at, anchor: scrolled(at, state, size, second) };
        const top = { ...up, anchor: scrolled(up, state, size, 9999) };
        const isAtTop = isDeepStrictEqual(conversationLines(up, state, size), conversationLines(top, state, size));
        const down = { ...up, anchor: scrolled(up, state, size, -second) };
        if (!isAtTop && up.anchor)
          assert.deepEqual(conversationLines(down, state, size), conversationLines(at, state, size));
        assert.equal(scrolled(up, state, size, -9999), undefined);
      }),
    );
  });

  test("a line at a time, every line is seen once, up to the first", () => {
    fc.assert(
      fc.property(conversations, sizes, (rows, size) => {
        const [state, conversation] = chatWith(rows, { facts: { ...facts, changes } });
        const text = (of: Conversation, rows: number) =>
          conversationLines(of, state, { ...size, rows }).map(({ line }) => textOfLine(line));
        const all = text(conversation, 100_000);
        let at = conversation;
        for (let up = 0; up + size.rows <= all.length; up++) {
          assert.deepEqual(text(at, size.rows), all.slice(all.length - up - size.rows, all.length - up));
          at = Object.assign({}, at, { anchor: scrolled(at, state, size, 1) });
        }
      }),
      propertyRuns(30),
    );
  });

  test("the view says which messages are at its edges, for more to be loaded", () => {
    const rows = Array.from({ length: 100 }, (_, at) => messageIn(at + 1, `message ${at}`));
    const [state, conversation] = chatWith(rows);
    assert.equal(shownKeys(conversation, state, usual).bottomKey, 100);
    const up = { ...conversation, anchor: scrolled(conversation, state, usual, 9999) };
    assert.equal(shownKeys(up, state, usual).topKey, 1);
    assert.ok((shownKeys(up, state, usual).bottomKey ?? 0) < 30);
  });

  test("around one of the first messages, the view begins with the first and goes on below", () => {
    const rows = Array.from({ length: 100 }, (_, at) => messageIn(at + 1, `message ${at}`));
    const lines = textOf(rows, { anchor: { key: idOf.row(2), linesBelow: 0 } }, usual);
    assert.equal(lines.length, usual.rows);
    assert.match(lines[0] ?? "", /the conversation begins here/);
    assert.match(lines.at(-1) ?? "", /message 17/);
    assert.deepEqual(textOf(rows, { anchor: { key: idOf.row(1), linesBelow: 0 } }, usual), lines);
  });

  test("at its end, the view says which message is the last above the changes that are there", () => {
    const rows = [messageIn(1, "one"), messageIn(2, "two")];
    const [state, conversation] = chatWith(rows, { facts: { ...facts, changes } });
    assert.equal(conversationLines(conversation, state, usual).at(-1)?.key, undefined);
    assert.equal(shownKeys(conversation, state, usual).bottomKey, 2);
  });

  test("on a screen without room for a line leads up to the first line and no further", () => {
    const rows = Array.from({ length: 5 }, (_, at) => messageIn(at + 1, `message ${at}`));
    const [state, conversation] = chatWith(rows, { facts: { ...facts, changes } });
    const all = conversationLines(conversation, state, { columns: 56, rows: 99 });
    const linesBelow = all.findIndex(({ key }) => key === 1);
    assert.deepEqual(scrolled(conversation, state, { columns: 56, rows: 0 }, 999), { key: 1, linesBelow });
  });

  test("of a window of a thousand messages, only those in view are laid out", () => {
    let read = 0;
    const rows = Array.from({ length: 1000 }, (_, at): MessageRow => {
      const { content, ...rest } = messageIn(at + 1, `message ${at}`);
      return {
        ...rest,
        get content() {
          read++;
          return content;
        },
      };
    });
    const [state, conversation] = chatWith(rows);
    read = 0;
    conversationLines(conversation, state, usual);
    assert.ok(read > 0 && read < 10 * usual.rows, `${read} contents were read`);
  });
});

suite("what stands between messages", () => {
  test("changes to the group are between the messages by their seq, in words", () => {
    const lines = textOf(messages, { facts });
    const at = (text: string) => lines.findIndex((line) => line.includes(text));
    assert.ok(at("bob founded the group “release”") >= 0);
    assert.ok(at("bob added you and carol") < at("Are we still going"));
    assert.ok(at("J'ai vérifié") < at("you added 漢字さん") && at("you added 漢字さん") < at("日本語"));
  });

  test("of a window that begins in the middle, only changes right before it are shown", () => {
    const lines = textOf(messages.slice(6), { facts, older: "vault" });
    assert.ok(lines.some((line) => line.includes("you added 漢字さん")));
    assert.ok(!lines.some((line) => line.includes("founded")));
  });

  test("while no message of a conversation has come, no change is shown", () => {
    const lines = textOf([], { facts, older: "loading" });
    assert.deepEqual(
      lines.map((line) => line.trim()),
      ["older messages come…"],
    );
  });

  test("headings, changes and the rule above what is new mean what they show", () => {
    const [state, conversation] = chatWith(messages.slice(5, 7), { facts, newFrom: idOf.seq(10), older: "vault" });
    const shown = (columns: number) =>
      conversationLines(conversation, state, { columns, rows: 60 }).map(({ line }) => styled(line));
    const wide = shown(90);
    assert.ok(wide.some((line) => line.includes("heading: today")));
    assert.ok(wide.some((line) => line.includes("unread: new since you left")));
    const change = (lines: string[][]) => lines.find((line) => line.some((part) => part.includes("you added")));
    assert.deepEqual(change(wide), ["dim: 14:04", "system: ·", "system: you added 漢字さん and mallory␛[31m{bold}"]);
    assert.deepEqual(change(shown(40))?.slice(0, 2), ["system: ·", "system: you added 漢字さん and"]);
  });

  test("each day has a heading, and unread messages are under a rule", () => {
    const lines = textOf(messages, { newFrom: idOf.seq(8) });
    assert.deepEqual(
      lines.filter((line) => line.startsWith("─")).map((line) => line.replace(/─+/g, "").trim()),
      ["yesterday", "today", "new since you left"],
    );
    const at = lines.findIndex((line) => line.includes("new since you left"));
    assert.match(lines[at + 1] ?? "", /françoise +J'ai/);
  });
});

suite("a message", () => {
  test("of the same sender soon after does not repeat the name, and later does", () => {
    const rows = [messageIn(1, "one"), messageIn(2, "two"), messageIn(20, "three")];
    const lines = textOf([...rows, messageIn(21, "four", { sender: idOf.user(3) })]);
    assert.deepEqual(
      lines.slice(-4).map((line) => line.slice(7).replace(/\s+/g, " ")),
      ["bob one", " two", "bob three", "carol four"],
    );
  });

  test("of the same sender soon after repeats the name below a line that stands between them", () => {
    const rows = [messageIn(1, "one"), messageIn(2, "two")];
    assert.match(textOf(rows, { newFrom: idOf.seq(2) }).at(-1) ?? "", / bob +two$/);
  });

  test("of one's own shows its receipt", () => {
    const own = (key: number, of: Partial<MessageRow>) =>
      messageIn(key, `number ${key}`, { sender: idOf.user(1), ...of });
    const rows = [
      own(1, { state: "sent" }),
      own(14, { state: "sent" }),
      own(15, { state: "sent" }),
      own(16, { state: "written", seq: undefined }),
      own(17, { state: "failed", seq: undefined, why: "busy" }),
    ];
    const lines = textOf(rows);
    const ends = [1, 14, 15, 16].map((key) =>
      lines
        .find((line) => line.includes(`number ${key}`))
        ?.split(/\s{2,}/)
        .at(-1),
    );
    assert.deepEqual(ends, ["✓✓ 3", "✓✓ 1", "✓", "…"]);
    assert.match(lines.at(-1) ?? "", /not sent: busy \(R sends it again\) +✗$/);
  });

  test("that names the user has a mark, which a name in the middle of a word does not make", () => {
    const marks = ["hello @Alice!", "mail me at x@alicex", "@bob"].map(
      (text) => textOf([messageIn(1, text)]).at(-1)?.[0],
    );
    assert.deepEqual(marks, ["▌", " ", " "]);
    assert.equal(textOf([messageIn(1, "I am @alice", { sender: idOf.user(1) })]).at(-1)?.[0], " ");
  });

  test("with a picture shows it as far as there is room, in a conversation that has been made narrower", () => {
    const { key } = present(messages.find(({ content }) => content?.kind === "file"));
    const line = "\u001b[38;5;1m▀\u001b[38;5;2m▄".repeat(20);
    const preview = { kind: "lines", columns: 40, lines: [line, "\u001b[2Jno picture", line] } as const;
    const { chat } = releaseTeamSession({ columns: 80, rows: 24 }).hear({ kind: "preview", key, preview });
    const conversation = chat.scene.conversations.get(releaseTeam);
    assert.ok(conversation);
    const pictures = (columns: number) =>
      conversationLines(conversation, chat, { columns, rows: 40 })
        .flatMap(({ line }) => line)
        .filter(({ style }) => style === "picture")
        .map(({ text }) => text);
    assert.deepEqual(pictures(90), [line, line]);
    const [narrow = ""] = pictures(50);
    assert.equal(Array.from(narrow.matchAll(/[▀▄]/g)).length, 50 - messageShape(50, facts).indent);
    assert.ok(narrow.endsWith("\u001b[0m"));
  });
});
