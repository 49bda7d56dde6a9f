import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import { projectRoot } from "../../core/platform/project-root.ts";
import { bindingsOf } from "../keys/bindings.ts";
import type { Event } from "../model/event.ts";
import { defaultSettings } from "../model/settings.ts";
import type { Size, State } from "../model/state.ts";
import { cellsOf } from "../screens/cells.ts";
import { themeFor } from "../screens/theme.ts";
import { drawn } from "../testing/drawn.ts";
import {
  changedNumber,
  facts,
  messageIn,
  pageOf,
  releaseTeam,
  releaseTeamSession,
  sessionOf,
} from "../testing/release-team.ts";
import { idOf } from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { frameOf } from "./frame.ts";
import { columnsOfLine } from "./line.ts";

const usual = { columns: 80, rows: 24 };
const small = { columns: 40, rows: 12 };

/** Compares with a screen that somebody has checked by eye; one that differs is printed whole, to be checked again. */
function isAsSeen(name: string, state: State): void {
  const file = path.join(projectRoot, "gui", "layout", "goldens", `${name}.txt`);
  const lines = drawn(state);
  assert.deepEqual(lines, readFileSync(file, "utf8").replace(/\n$/, "").split("\n"), `\n${lines.join("\n")}\n`);
}

suite("screens are as they were checked by eye", () => {
  test("a conversation with something of everything", () => {
    isAsSeen("conversation-80x24", releaseTeamSession(usual).state);
    isAsSeen("conversation-110x30", releaseTeamSession({ columns: 110, rows: 30 }).state);
    isAsSeen("conversation-40x12", releaseTeamSession(small).state);
    isAsSeen("conversation-20x6", releaseTeamSession({ columns: 20, rows: 6 }).state);
  });

  test("a selected message, and its menu", () => {
    isAsSeen("message-menu-80x24", releaseTeamSession(usual).press("S-up", "up", "enter").state);
  });

  test("a changed identity, with the digits of both", () => {
    const session = releaseTeamSession(usual).hear({ kind: "identityChanged", user: idOf.user(5), name: "erin" });
    isAsSeen("trust-80x24", session.hear({ kind: "safetyNumber", number: changedNumber }).state);
    isAsSeen("trust-40x12", { ...session.state, size: small });
  });

  test("members, and a group whose members are unknown yet", () => {
    isAsSeen("members-80x24", releaseTeamSession(usual).press("C-t", "down").state);
    const none = { ...facts, members: [], changes: [] };
    const session = releaseTeamSession(usual).hear({ kind: "facts", group: releaseTeam, facts: none });
    isAsSeen("no-members-80x24", session.hear(pageOf(releaseTeam, [])).press("C-t").state);
  });

  test("signing in", () => {
    isAsSeen("sign-in-80x24", sessionOf(usual).type("alice").press("tab").type("secret").state);
    isAsSeen("sign-in-20x6", sessionOf({ columns: 20, rows: 6 }).type("alice").state);
  });
});

test("no letter of a password is shown", () => {
  const shown = drawn(sessionOf(usual).type("me").press("tab").type("zebra").state).join("\n");
  assert.match(shown, /•{5}(?!•)/);
  assert.doesNotMatch(shown, /z|ebra/);
});

test("a screen that is too small says what is needed", () => {
  assert.match(drawn(releaseTeamSession({ columns: 19, rows: 6 }).state).join(" "), /20×6/);
});

test("no title, name, reason or news from others brings a control character to the screen", () => {
  const evil = "\u001b]0;pwned\u0007";
  const session = releaseTeamSession(usual).hear(
    { kind: "facts", group: releaseTeam, facts: { ...facts, title: `title${evil}` } },
    { kind: "people", people: [{ user: idOf.user(2), name: `bob${evil}`, trusted: "changed" }] },
    { kind: "message", group: releaseTeam, message: messageIn(40, "", { state: "unreadable", why: `why${evil}` }) },
    { kind: "failed", of: "other", text: `failed${evil}` },
  );
  const text = frameOf(session.state)
    .areas.flatMap(({ lines }) => lines.flat())
    .map((part) => part.text)
    .join("");
  for (const word of ["title", "bob", "why", "failed"]) assert.ok(text.includes(`${word}␛]0;pwned␇`), word);
  assert.doesNotMatch(text, /\p{Cc}/u);
});

test("on a narrow screen the list of groups takes the conversation's place while it has the keys", () => {
  const session = releaseTeamSession(small).press("f6", "f6");
  const { areas, cursor } = frameOf(session.state);
  assert.deepEqual([areas.map(({ name }) => name), cursor], [["groups", "status"], undefined]);
  assert.deepEqual(
    frameOf({ ...session.state, size: usual }).areas.map(({ name }) => name),
    ["groups", "title", "conversation", "typing", "input", "status"],
  );
  assert.deepEqual(
    frameOf(releaseTeamSession(small).state).areas.map(({ name }) => name),
    ["title", "conversation", "typing", "input", "status"],
  );
});

test("the cursor is in the message box or the dialog on top, wherever something can be written", () => {
  const cursorOf = (...keys: string[]) => frameOf(releaseTeamSession(usual).press(...keys).state).cursor;
  assert.deepEqual(cursorOf(), { x: 26, y: 22 });
  assert.equal(cursorOf("S-up"), undefined);
  assert.equal(cursorOf("f1"), undefined);
  assert.ok(cursorOf("C-k"));
});

test("a dialog is the last area, above all others", () => {
  const { areas } = frameOf(releaseTeamSession(usual).press("C-k").state);
  assert.equal(areas.at(-1)?.name, "dialog");
});

test("whoever is in no group sees an empty conversation, and how to found a group", () => {
  const self = { user: idOf.user(1), name: "alice", profile: "alice", server: "s1" };
  const opened = { kind: "accountOpened", self, groups: [], people: [], settings: defaultSettings } as const;
  const { areas } = frameOf(sessionOf(usual).hear(opened).state);
  const textsOf = (of: string) => areas.find(({ name }) => name === of)?.lines.flatMap(styled);
  assert.deepEqual(textsOf("conversation"), []);
  assert.deepEqual(textsOf("input"), ["dim: Ctrl-G founds a group, F1 helps"]);
});

test("a short conversation is above the message box, and at the top while it is scrolled", () => {
  const session = releaseTeamSession(usual).hear(pageOf(releaseTeam, [messageIn(20, "the only one")]));
  assert.match(drawn(session.state)[20] ?? "", /the only one/);
  assert.deepEqual(
    frameOf(sessionOf(usual).state).areas.map(({ name }) => name),
    ["signIn", "signIn"],
  );
  assert.deepEqual(frameOf(sessionOf(usual).state).areas[0]?.place, { x: 0, y: 0, ...usual });
});

test("a screen that is too small is filled, and has no cursor", () => {
  const { areas, cursor } = frameOf(releaseTeamSession({ columns: 10, rows: 5 }).state);
  assert.deepEqual(
    [areas.map(({ name, place }) => [name, place]), cursor],
    [[["tooSmall", { x: 0, y: 0, columns: 10, rows: 5 }]], undefined],
  );
  assert.deepEqual(areas[0]?.lines.map(styled), [
    ["problem: too small:"],
    ["problem: 20×6 are"],
    ["problem: needed"],
    [],
    [],
  ]);
});

test("the message box grows up to six lines, and shows those around the cursor", () => {
  const session = releaseTeamSession(usual);
  const rows = () => frameOf(session.state).areas.find(({ name }) => name === "input")?.place.rows;
  assert.equal(rows(), 1);
  session.hear({ kind: "paste", text: "one\ntwo\nthree" });
  assert.equal(rows(), 3);
  session.hear({ kind: "paste", text: "\nfour\nfive\nsix\nseven\neight" });
  assert.equal(rows(), 6);
  assert.deepEqual(
    [drawn(session.state)[17], drawn(session.state)[22]].map((row) => row?.slice(26)),
    ["three", "eight"],
  );
  assert.deepEqual(frameOf(session.state).cursor, { x: 31, y: 22 });
});

test("of any state, no line is wider than its region, none has a control character, and every cell is filled once", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom(
      "\u001b[2J",
      "{bold}{/}",
      "漢".repeat(30),
      "a\nb\n\n",
      "👨‍👩‍👧‍👦🇫🇷❤️",
      "\u202e\u200b\u0000",
      "x".repeat(200),
    ),
  );
  const keys = Object.values(bindingsOf()).flat();
  const event: fc.Arbitrary<Event> = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...keys).map((name) => ({ kind: "key", name }) as const) },
    hostile.map((text) => ({ kind: "paste", text }) as const),
    fc
      .record({
        key: fc.integer({ min: 20, max: 60 }),
        text: hostile,
        why: hostile,
        state: fc.constantFrom("failed", "received", "unreadable"),
      })
      .map(
        ({ key, text, why, state }) =>
          ({ kind: "message", group: releaseTeam, message: messageIn(key, text, { why, state }) }) as const,
      ),
    hostile.map((name) => ({ kind: "people", people: [{ user: idOf.user(2), name, trusted: "changed" }] }) as const),
    hostile.map(
      (title) =>
        ({
          kind: "facts",
          group: releaseTeam,
          facts: { ...facts, title, members: [...facts.members, { user: idOf.user(30), name: title, admin: false }] },
        }) as const,
    ),
    hostile.map((text) => ({ kind: "failed", of: "other", text }) as const),
    hostile.map((why) => ({ kind: "connection", connection: { state: "offline", why } }) as const),
    hostile.map(
      (name) =>
        ({ kind: "directory", asked: ".", directory: name, entries: [{ name, kind: "file", bytes: 3 }] }) as const,
    ),
    hostile.map((name) => ({ kind: "safetyNumber", number: { ...changedNumber, name, user: idOf.user(2) } }) as const),
    hostile.map(
      (stopped) =>
        ({
          kind: "transfer",
          transfer: { id: "2", way: "up", group: releaseTeam, name: stopped, done: 1, of: 2, stopped },
        }) as const,
    ),
  );
  const size: fc.Arbitrary<Size> = fc.record({
    columns: fc.integer({ min: 1, max: 130 }),
    rows: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(size, fc.array(event, { maxLength: 30 }), fc.boolean(), (of, events, isSignedIn) => {
      const { state } = (isSignedIn ? releaseTeamSession(of) : sessionOf(of)).hear(...events);
      const { areas, cursor } = frameOf(state);
      for (const { name, place, lines } of areas) {
        assert.equal(lines.length, place.rows, name);
        assert.ok(place.x >= 0 && place.x + place.columns <= of.columns, name);
        assert.ok(place.y >= 0 && place.y + place.rows <= of.rows, name);
        for (const line of lines) {
          assert.equal(columnsOfLine(line), place.columns, `${name}: ${JSON.stringify(line)}`);
          for (const { text } of line) assert.doesNotMatch(text, /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
        }
      }
      if (cursor) assert.ok(cursor.x < of.columns && cursor.y < of.rows, JSON.stringify(cursor));
      for (const row of cellsOf({ areas, cursor }, of, themeFor(state.settings, {})))
        assert.equal(row.length, of.columns);
    }),
  );
});
