import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../core/testing/property-runs.ts";
import { bindingsOf } from "../keys/bindings.ts";
import {
  alice,
  bob,
  cats,
  catsFacts,
  chatSession,
  dogs,
  groupRow,
  idOf,
  messageRow,
  signInSession,
} from "../testing/session.ts";
import type { Event } from "./event.ts";
import { windowMax } from "./message-window.ts";

suite("signing in", () => {
  test("a new machine asks for server, name and password, and joins or signs up", () => {
    const session = signInSession().type("alice").press("tab").type("secret").press("tab");
    assert.equal(session.signIn.field, "logIn");
    assert.deepEqual(session.press("enter").done(), [
      { kind: "logIn", server: "127.0.0.1:7400", user: "alice", password: "secret" },
    ]);
    const other = signInSession().type("bob").press("tab").type("secret").press("tab", "tab", "enter");
    assert.equal(other.did("signUp")[0]?.user, "bob");
  });

  test("an empty field is named, and gets the focus", () => {
    const session = signInSession().press("S-tab", "S-tab", "enter");
    assert.equal(session.signIn.field, "user");
    assert.match(session.signIn.problem?.text ?? "", /user name/);
    assert.deepEqual(session.done(), []);
  });

  test("a profile of this machine asks for its password alone, and a key goes through the profiles", () => {
    const profiles = ["alice", "bob"].map((name) => ({ name, user: name, server: "s" }));
    const session = signInSession(profiles).press("C-p").type("secret").press("enter");
    assert.deepEqual(session.done(), [{ kind: "openAccount", profile: "bob", password: "secret" }]);
    assert.equal(signInSession(profiles).press("C-p", "C-p").signIn.chosen, undefined);
    assert.equal(signInSession(profiles, { server: "s", user: "bob" }).signIn.chosen, 1);
    assert.equal(signInSession(profiles, { server: "s", user: "carol" }).signIn.chosen, undefined);
  });

  test("a profile that was named comes before the one of a user, and a password goes with its profile alone", () => {
    const profiles = ["work", "home"].map((name) => ({ name, user: "alice", server: "s" }));
    const named = signInSession(profiles, { server: "s", user: "alice", profile: "home" });
    assert.equal(named.signIn.chosen, 1);
    const session = signInSession(profiles).type("secret").press("C-p");
    assert.equal(session.signIn.fields.password.text, "");
    assert.deepEqual(session.press("enter").did("openAccount"), [], "the password is missing");
  });

  test("while an account is being opened a click begins nothing", () => {
    const session = signInSession([{ name: "a", user: "a", server: "s" }])
      .type("x")
      .press("enter");
    session.hear({ kind: "click", on: "signIn", row: 1, column: 1 });
    assert.equal(session.did("openAccount").length, 1);
  });

  test("while an account is being opened nothing else begins, and the user can quit", () => {
    const session = signInSession([{ name: "a", user: "a", server: "s" }])
      .type("x")
      .press("enter", "enter")
      .type("y");
    assert.equal(session.did("openAccount").length, 1);
    session.hear({ kind: "signInFailed", text: "Wrong password.", advice: "Try again." });
    assert.deepEqual([session.signIn.busy, session.signIn.fields.password.text], [undefined, ""]);
    assert.equal(session.type("z").press("enter", "C-q").did("quit").length, 1);
  });
});

suite("the chat", () => {
  test("begins where the account does, with nothing of the form", () => {
    const { scene, toast, focused } = chatSession().chat;
    assert.deepEqual([scene.focus, scene.dialogs, scene.sentLines, toast, focused], ["input", [], [], undefined, true]);
    assert.deepEqual(scene.self, { user: alice, name: "alice", profile: "alice", server: "127.0.0.1:7400" });
    assert.equal(chatSession([groupRow(cats, { left: true }), groupRow(dogs, { left: true })]).chat.scene.active, cats);
    assert.equal(chatSession([]).chat.scene.active, undefined);
  });

  test("knows the size of the terminal, the time, and whether somebody looks", () => {
    const session = chatSession().hear(
      { kind: "resized", size: { columns: 100, rows: 30 } },
      { kind: "tick", nowMs: 5 },
    );
    assert.deepEqual([session.state.size, session.state.nowMs], [{ columns: 100, rows: 30 }, 5]);
    const form = signInSession().hear({ kind: "focused", focused: false }, { kind: "tick", nowMs: 7 });
    assert.deepEqual([form.state.focused, form.state.nowMs], [false, 7]);
  });

  test("shows what just happened for six seconds", () => {
    const session = chatSession().hear({ kind: "news", text: "bob has joined." });
    assert.deepEqual(session.state.toast, { kind: "info", text: "bob has joined.", untilMs: 1_006_000 });
    assert.ok(session.hear({ kind: "tick", nowMs: 1_005_999 }).state.toast);
    assert.equal(session.hear({ kind: "tick", nowMs: 1_006_000 }).state.toast, undefined);
  });

  test("ignores what belongs to signing in", () => {
    const session = chatSession();
    session.done();
    const { state } = session;
    session.hear({ kind: "doing", doing: "x" }, { kind: "signInFailed", text: "x", advice: "y" });
    assert.deepEqual([session.state, session.done()], [state, []]);
  });

  test("opens the dialogs of its keys", () => {
    for (const [key, kind] of [
      ["f1", "help"],
      ["C-k", "switch"],
      ["C-f", "search"],
      ["M-f", "search"],
      ["C-g", "group"],
      ["M-g", "group"],
      ["C-t", "members"],
      ["f2", "members"],
      ["C-o", "files"],
      ["M-t", "transfers"],
      ["f4", "settings"],
    ] as const)
      assert.equal(chatSession().press(key).topDialog?.kind, kind, key);
  });

  test("goes back to the shell, and is drawn anew, when the user wants that", () => {
    const session = chatSession();
    session.done();
    assert.deepEqual(session.press("C-l", "C-z").done(), [{ kind: "redraw" }, { kind: "suspend" }]);
  });

  test("closes its dialogs one after the other, the last first", () => {
    const session = chatSession().press("C-t").hear({ kind: "identityChanged", user: bob, name: "bob" });
    assert.equal(session.press("escape").topDialog?.kind, "members");
    assert.equal(session.press("escape").topDialog, undefined);
  });
});

test("any sequence of events keeps the state sound", () => {
  const keys = Object.values(bindingsOf()).flat();
  const group = fc.constantFrom(cats, dogs);
  const key = fc.integer({ min: 1, max: 40 });
  const row = fc
    .record({ key, placed: fc.boolean(), own: fc.boolean(), failed: fc.boolean(), file: fc.boolean() })
    .map(({ key, placed, own, failed }) =>
      messageRow(key, {
        seq: placed ? idOf.seq(key) : undefined,
        sender: own ? alice : bob,
        state: failed ? "failed" : "received",
      }),
    );
  const page = fc
    .uniqueArray(key, { maxLength: 20 })
    .map((of) => of.toSorted((a, b) => a - b).map((at) => messageRow(at)));
  const event: fc.Arbitrary<Event> = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...keys).map((name) => ({ kind: "key", name }) as const) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(...Array.from("ab/@, é漢"))
        .map((text) => ({ kind: "key", name: text, text }) as const),
    },
    fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => ({ kind: "paste", text }) as const),
    fc.record({ kind: fc.constant("message" as const), group, message: row }),
    fc.record({
      kind: fc.constant("page" as const),
      group,
      where: fc.constantFrom("newest", "older", "newer", "around"),
      messages: page,
      moreOlder: fc.boolean(),
      moreNewer: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("discarded" as const), group, key: key.map(idOf.row) }),
    fc.record({ kind: fc.constant("facts" as const), group, facts: fc.constant(catsFacts) }),
    fc.record({ kind: fc.constant("fetched" as const), group, count: fc.nat(3), more: fc.boolean() }),
    fc.record({ kind: fc.constant("groupDone" as const), group }),
    fc.record({ kind: fc.constant("focused" as const), focused: fc.boolean() }),
    fc.record({ kind: fc.constant("identityChanged" as const), user: fc.constant(bob), name: fc.constant("bob") }),
    fc.record({
      kind: fc.constant("click" as const),
      on: fc.constantFrom("groups", "conversation", "input", "dialog", "status", "signIn"),
      row: fc.nat(40),
      column: fc.nat(80),
    }),
    fc.record({ kind: fc.constant("wheel" as const), on: fc.constantFrom("groups", "conversation"), up: fc.boolean() }),
    fc.nat(10_000).map((ms) => ({ kind: "tick", nowMs: 1_000_000 + ms }) as const),
    fc.constant({ kind: "failed", of: "group", text: "no" } as const),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const session = chatSession();
      for (const of of events) {
        session.hear(of);
        const { scene } = session.chat;
        assert.ok(scene.active === undefined || scene.conversations.has(scene.active));
        for (const { messages: window, draft } of scene.conversations.values()) {
          assert.ok(draft.cursor >= 0 && draft.cursor <= draft.text.length);
          assert.ok(window.length <= windowMax);
          assert.equal(new Set(window.map(({ key: of }) => of)).size, window.length);
        }
        for (const dialog of scene.dialogs)
          if ("at" in dialog && typeof dialog.at === "number") assert.ok(dialog.at >= 0);
      }
    }),
    propertyRuns(300),
  );
});
