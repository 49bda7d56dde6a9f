import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { bindingsOf } from "../keys/bindings.ts";
import {
  alice,
  bob,
  cats,
  chatSession,
  dogs,
  groupRow,
  idOf,
  messageRow,
  newestPage,
  type Session,
  signInSession,
} from "../testing/session.ts";
import type { Event } from "./event.ts";
import { windowMax } from "./message-window.ts";
import type { GroupFacts } from "./shown.ts";
import type { SignIn } from "./state.ts";

const facts: GroupFacts = {
  title: "cats",
  members: [
    { user: alice, name: "alice", admin: true },
    { user: bob, name: "bob", admin: false },
  ],
  epoch: 1,
  suite: "rsa-fernet",
  expireSeconds: 0,
  changes: [],
};

const messages = (from: number, through: number) =>
  Array.from({ length: through - from + 1 }, (_, index) => messageRow(from + index));

const conversation = (session: Session, group = cats) => {
  const found = session.chat.scene.conversations.get(group);
  assert.ok(found);
  return found;
};
const keysShown = (session: Session) => conversation(session).messages.map(({ key }) => key);
const top = (session: Session) => session.chat.scene.dialogs.at(-1);

suite("signing in", () => {
  const scene = (session: Session) => session.state.scene as SignIn;

  test("a new machine asks for server, name and password, and joins or signs up", () => {
    const session = signInSession().type("alice").press("tab").type("secret").press("tab");
    assert.equal(scene(session).field, "join");
    assert.deepEqual(session.press("enter").done(), [
      { kind: "join", server: "127.0.0.1:7400", user: "alice", password: "secret" },
    ]);
    const other = signInSession().type("bob").press("tab").type("secret").press("tab", "tab", "enter");
    assert.equal(other.did("signUp")[0]?.user, "bob");
  });

  test("what is missing is said, and asked for again", () => {
    const session = signInSession().press("S-tab", "S-tab", "enter");
    assert.equal(scene(session).field, "user");
    assert.match(scene(session).problem?.text ?? "", /user name/);
    assert.deepEqual(session.done(), []);
  });

  test("a known profile asks for its password alone; the others come one after the other", () => {
    const profiles = ["alice", "bob"].map((name) => ({ name, user: name, server: "s" }));
    const session = signInSession(profiles).press("C-p").type("secret").press("enter");
    assert.deepEqual(session.done(), [{ kind: "open", profile: "bob", password: "secret" }]);
    assert.equal(scene(signInSession(profiles).press("C-p", "C-p")).chosen, undefined);
    assert.equal(scene(signInSession(profiles, { server: "s", user: "bob" })).chosen, 1);
    assert.equal(scene(signInSession(profiles, { server: "s", user: "carol" })).chosen, undefined);
  });

  test("while something is done nothing else begins, and one can leave", () => {
    const session = signInSession([{ name: "a", user: "a", server: "s" }])
      .type("x")
      .press("enter", "enter")
      .type("y");
    assert.equal(session.did("open").length, 1);
    session.hear({ kind: "signInFailed", text: "Wrong password.", advice: "Try again." });
    assert.deepEqual([scene(session).busy, scene(session).fields.password.text], [undefined, ""]);
    assert.equal(session.type("z").press("enter", "C-q").did("quit").length, 1);
  });
});

suite("conversations", () => {
  test("the newest page is shown, and what is shown has been read", () => {
    const session = chatSession([groupRow(cats, { unread: 2, readSeq: idOf.seq(3) })]);
    assert.deepEqual(
      session.done().map(({ kind }) => kind),
      ["show", "load"],
    );
    session.hear(newestPage(cats, messages(1, 5)));
    assert.deepEqual(session.did("markRead"), [{ kind: "markRead", group: cats, seq: 5 }]);
    assert.equal(conversation(session).newFrom, 4);
    assert.equal(session.chat.scene.groups[0]?.unread, 0);
  });

  test("nothing is read while the terminal has not the user's attention", () => {
    const session = chatSession();
    session.hear({ kind: "focused", focused: false }, newestPage(cats, messages(1, 5)));
    assert.deepEqual(session.did("markRead"), []);
    session.hear({ kind: "focused", focused: true });
    assert.equal(session.did("markRead")[0]?.seq, 5);
  });

  test("new messages do not move what somebody reads further up", () => {
    const session = chatSession()
      .hear(newestPage(cats, messages(1, 50)))
      .press("pageup");
    const { anchor } = conversation(session);
    assert.ok(anchor);
    session.done();
    session.hear({ kind: "message", group: cats, message: messageRow(51) });
    assert.deepEqual(conversation(session).anchor, anchor);
    assert.deepEqual(session.did("markRead"), []);
    session.press("M-end");
    assert.equal(session.did("markRead")[0]?.seq, 51);
  });

  test("scrolling back loads from the vault, then from the server, then says that there is no more", () => {
    const session = chatSession()
      .hear(newestPage(cats, messages(30, 50), true))
      .press("pageup", "pageup");
    assert.deepEqual(session.did("load").at(-1), { kind: "load", group: cats, where: "older", from: 30 });
    session.hear({
      kind: "page",
      group: cats,
      where: "older",
      messages: messages(20, 29),
      moreOlder: false,
      moreNewer: true,
    });
    assert.deepEqual(
      keysShown(session),
      messages(20, 50).map(({ key }) => key),
    );
    session.press("pageup", "pageup", "pageup");
    assert.equal(session.did("fetchOlder").length, 1);
    session.hear({ kind: "fetched", group: cats, count: 0, more: false });
    assert.equal(conversation(session).older, "none");
    assert.equal(session.press("pageup").did("fetchOlder").length, 1);
  });

  test("a message keeps its row from being written to being acknowledged, and comes to stand at its place", () => {
    const session = chatSession().hear(newestPage(cats, messages(1, 3)));
    const own = messageRow(9, { seq: undefined, sender: alice, state: "written" });
    session.hear({ kind: "message", group: cats, message: own });
    session.hear({ kind: "message", group: cats, message: messageRow(4) });
    assert.deepEqual(keysShown(session), [1, 2, 3, 4, 9]);
    session.hear({ kind: "message", group: cats, message: messageRow(5, { seq: idOf.seq(6) }) });
    session.hear({ kind: "message", group: cats, message: { ...own, seq: idOf.seq(5), state: "sent" } });
    assert.deepEqual(keysShown(session), [1, 2, 3, 4, 9, 5]);
  });

  test("drafts stay with their conversation", () => {
    const session = chatSession().type("for cats").press("M-down").type("for dogs").press("M-up");
    assert.equal(session.draft, "for cats");
    assert.deepEqual(
      session.did("saveDraft").map(({ group, text }) => [group, text]),
      [
        [cats, "for cats"],
        [dogs, "for dogs"],
      ],
    );
  });

  test("the next unread one is where the user was named, before where something is new", () => {
    const birds = idOf.group(12);
    const rows = [groupRow(cats), groupRow(dogs, { unread: 3 }), groupRow(birds, { unread: 1, mentions: 1 })];
    assert.equal(chatSession(rows).press("C-n").chat.scene.active, birds);
  });

  test("a search hit is gone to, wherever it is", () => {
    const session = chatSession().press("M-f").type("fish");
    assert.equal(session.did("search").at(-1)?.words, "fish");
    session.hear({ kind: "hits", group: undefined, words: "fish", hits: [{ group: dogs, message: messageRow(77) }] });
    session.hear({ kind: "hits", group: undefined, words: "fis", hits: [] });
    session.press("enter");
    assert.equal(session.chat.scene.active, dogs);
    assert.deepEqual(session.did("load").at(-1), { kind: "load", group: dogs, where: "around", from: 77 });
    assert.deepEqual(conversation(session, dogs).anchor, { key: 77, linesBelow: 0 });
  });
});

suite("the message box", () => {
  test("sends, and remembers what was sent", () => {
    const session = chatSession().type("hello").press("enter").type("again").press("enter").type("draft");
    assert.deepEqual(
      session.did("send").map(({ text }) => text),
      ["hello", "again"],
    );
    assert.equal(session.press("up", "up").draft, "hello");
    assert.equal(session.press("down", "down").draft, "draft");
  });

  test("a paste of several lines is one message, and a path is asked about", () => {
    const session = chatSession().hear({ kind: "paste", text: "one\r\ntwo" }).press("enter");
    assert.deepEqual(
      session.did("send").map(({ text }) => text),
      ["one\ntwo"],
    );
    session.hear({ kind: "paste", text: "/tmp/cat picture.png\n" });
    assert.equal(top(session)?.kind, "confirm");
    session.press("tab", "enter");
    assert.equal(session.did("sendFile")[0]?.file, "/tmp/cat picture.png");
    session.hear({ kind: "paste", text: "/etc/motd.txt" }).press("escape");
    assert.equal(session.draft, "/etc/motd.txt");
    assert.equal(session.did("sendFile").length, 1);
  });

  test("Tab completes members, commands and groups, one after the other", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts });
    assert.equal(session.type("hi bo").press("tab").draft, "hi @bob ");
    assert.equal(session.press("C-u").type("/jo").press("tab").type("d").press("tab").draft, "/join dogs");
    assert.equal(session.press("enter").chat.scene.active, dogs);
    assert.equal(session.type("@").press("tab").draft, "@");
  });

  test("a command that is none is said to be none, and two slashes are a text", () => {
    const session = chatSession().type("/constructor").press("enter");
    assert.equal(session.state.notice?.kind, "problem");
    assert.deepEqual(session.did("send"), []);
    assert.equal(session.type("//etc").press("enter").did("send")[0]?.text, "/etc");
  });

  test("commands change the group by name, and ask before what cannot be undone", () => {
    const session = chatSession().type("/add bob, @carol, bob").press("enter");
    assert.deepEqual(session.did("amendGroup")[0]?.add, ["bob", "carol"]);
    session.type("/leave").press("enter", "enter");
    assert.deepEqual(session.did("leaveGroup"), []);
    session.type("/leave").press("enter", "tab", "enter");
    assert.equal(session.did("leaveGroup")[0]?.group, cats);
  });

  test("typing is told unless the user does not want it, and never of commands", () => {
    const session = chatSession().type("/he");
    assert.deepEqual(session.did("typing"), []);
    session.press("C-u").type("h");
    assert.equal(session.did("typing").length, 1);
    session.press("C-u").type("/typing off").press("enter").type("h");
    assert.equal(session.did("typing").length, 1);
    assert.equal(session.did("saveSettings")[0]?.settings.typing, false);
  });

  test("who has left a group writes there no more", () => {
    const session = chatSession([groupRow(cats, { left: true })])
      .type("hello")
      .press("enter");
    assert.deepEqual(session.did("send"), []);
    assert.match(session.state.notice?.text ?? "", /no member/);
  });

  test("emoji, joined families and CJK are one character each to the cursor", () => {
    const session = chatSession().hear({ kind: "paste", text: "a👨‍👩‍👧‍👦漢é" }).press("left", "left", "backspace");
    assert.equal(session.draft, "a漢é");
  });
});

suite("groups, people and files", () => {
  test("the form founds a group with names separated by commas, and stays when that fails", () => {
    const session = chatSession().press("C-g").type("birds").press("tab").type("bob,carol");
    session.press("tab", "space", "tab", "space", "tab", "enter");
    assert.deepEqual(session.did("createGroup"), [
      { kind: "createGroup", title: "birds", members: ["bob", "carol"], history: true, expireSeconds: 86_400 },
    ]);
    session.hear({ kind: "failed", of: "group", text: "There is no user carol." });
    assert.deepEqual(
      [top(session)?.kind, (top(session) as { problem?: string }).problem],
      ["group", "There is no user carol."],
    );
    const birds = idOf.group(12);
    session.press("enter").hear({ kind: "groupDone", group: birds });
    assert.deepEqual([top(session), session.chat.scene.active], [undefined, birds]);
  });

  test("who had no group is shown the first that there is", () => {
    const session = chatSession([]).hear({ kind: "groups", groups: [groupRow(cats)] });
    assert.equal(session.chat.scene.active, cats);
  });

  test("Tab completes the name that was begun in the form, and then goes on to the next field", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts }).press("M-g", "tab");
    session.type("nobody, b").press("tab", "tab", "enter");
    assert.deepEqual(session.did("amendGroup")[0]?.remove, ["nobody", "bob"]);
  });

  test("amending asks for what has changed alone", () => {
    const session = chatSession().hear({ kind: "facts", group: cats, facts }).press("M-g");
    session.type("carol").press("tab").type("bob").press("tab", "enter");
    assert.deepEqual(session.did("amendGroup"), [{ kind: "amendGroup", group: cats, add: ["carol"], remove: ["bob"] }]);
  });

  test("members are promoted and removed after a question, and their safety numbers are shown", () => {
    const session = chatSession()
      .hear({ kind: "facts", group: cats, facts })
      .press("C-t", "down", "space", "tab", "enter");
    assert.deepEqual(session.did("amendGroup")[0]?.promote, ["bob"]);
    session.press("delete", "tab", "enter").press("enter");
    assert.deepEqual(session.did("amendGroup")[1]?.remove, ["bob"]);
    assert.equal(session.did("readSafetyNumber")[0]?.user, bob);
  });

  test("a changed identity interrupts, and is accepted only after a question that begins with no", () => {
    const session = chatSession().hear({ kind: "identityChanged", user: bob, name: "bob" });
    const number = { user: bob, name: "bob", trusted: "changed", digits: ["12345"], qr: [] } as const;
    session.hear({ kind: "safetyNumber", number }).press("enter", "enter");
    assert.deepEqual(session.did("acceptIdentity"), []);
    session.press("enter", "tab", "enter");
    assert.deepEqual(session.did("acceptIdentity"), [{ kind: "acceptIdentity", user: bob }]);
    session.hear({ kind: "safetyNumber", number: { ...number, trusted: "pinned" } }).press("enter");
    assert.deepEqual(session.did("verify"), [{ kind: "verify", user: bob }]);
  });

  test("the explorer goes through directories, filters, and sends what is chosen", () => {
    const session = chatSession().press("C-o");
    const entries = [
      { name: "pictures", kind: "directory", bytes: 0 },
      { name: "cat.png", kind: "file", bytes: 5 },
      { name: "dog.png", kind: "file", bytes: 5 },
    ] as const;
    session.hear({ kind: "directory", asked: ".", directory: "/home", entries }).press("down", "enter");
    assert.equal(session.did("listDirectory").at(-1)?.directory, "/home/pictures");
    session.hear({ kind: "directory", asked: "/home/pictures", directory: "/home", entries }).type("dog");
    assert.equal(session.did("previewFile").at(-1)?.file, "/home/dog.png");
    session.press("M-k", "enter");
    const [sent] = session.did("sendFile");
    assert.deepEqual([sent?.file, sent?.keepMetadata, top(session)], ["/home/dog.png", true, undefined]);
  });

  test("what is typed before a directory has been read stays, and leads where it says", () => {
    const session = chatSession().press("C-o").type("/tmp/");
    const entries = [{ name: "cat.png", kind: "file", bytes: 5 }] as const;
    session.hear({ kind: "directory", asked: ".", directory: "/home", entries }).type("x/").press("enter");
    assert.equal(session.did("listDirectory").at(-1)?.directory, "/tmp/x/");
    session.hear({ kind: "directory", asked: "/tmp/x/", directory: "/tmp/x", entries });
    // Another one that was asked for before, and takes longer.
    session.hear({ kind: "directory", asked: ".", directory: "/home", entries: [] }).type("cat").press("enter");
    assert.equal(session.did("sendFile")[0]?.file, "/tmp/x/cat.png");
  });

  test("a message can be chosen, and a failed one sent again", () => {
    const failed = messageRow(3, { sender: alice, state: "failed", why: "busy", seq: undefined });
    const session = chatSession()
      .hear(newestPage(cats, [...messages(1, 2), failed]))
      .press("S-up", "r");
    assert.deepEqual(session.did("retry"), [{ kind: "retry", group: cats, key: 3 }]);
    session.press("up", "r", "enter", "enter");
    assert.equal(session.did("retry").length, 1);
    assert.equal(session.did("readSafetyNumber")[0]?.user, bob);
  });

  test("pictures are shown by themselves, once, unless they are large or the user does not want it", () => {
    const file = (key: number, size: number) => {
      const content = { kind: "file", name: "cat.png", mediaType: "image/png", size } as const;
      return messageRow(key, {
        content: { ...content, attachment: new Uint8Array(16), key: new Uint8Array(32), hash: new Uint8Array(32) },
      });
    };
    const session = chatSession().hear(newestPage(cats, [file(1, 1000), file(2, 1e8)]));
    session.hear({ kind: "message", group: cats, message: file(3, 1000) });
    assert.deepEqual(
      session.did("previewMessage").map(({ key }) => key),
      [1, 3],
    );
    session.hear({ kind: "preview", key: 1, preview: { kind: "none", why: "broken" } });
    session.state = { ...session.state, settings: { ...session.state.settings, previews: false } };
    session.hear({ kind: "message", group: cats, message: file(4, 1000) });
    assert.equal(session.did("previewMessage").length, 2);
  });

  test("a file that is there already is not replaced without a yes", () => {
    const session = chatSession().hear({ kind: "fileExists", group: cats, key: 1, file: "/d/cat.png" }).press("enter");
    assert.deepEqual(session.did("saveFile"), []);
    session.hear({ kind: "fileExists", group: cats, key: 1, file: "/d/cat.png" }).press("tab", "enter");
    assert.deepEqual(session.did("saveFile"), [
      { kind: "saveFile", group: cats, key: 1, to: "/d/cat.png", replace: true },
    ]);
  });

  test("notifications come for mentions elsewhere, once, and not for what was read", () => {
    const named = (key: number) => messageRow(key, { content: { kind: "text", text: "hey @Alice" } });
    const session = chatSession([groupRow(cats), groupRow(dogs, { readSeq: idOf.seq(5) })]);
    session.hear({ kind: "message", group: dogs, message: messageRow(6) });
    session.hear({ kind: "message", group: dogs, message: named(4) });
    assert.deepEqual(session.did("notify"), []);
    session.hear({ kind: "message", group: dogs, message: named(7) });
    assert.deepEqual(session.did("notify"), [{ kind: "notify", title: "bob in dogs", text: "hey @Alice" }]);
    session.hear(newestPage(cats, [])).hear({ kind: "message", group: cats, message: named(8) });
    assert.equal(session.did("notify").length, 1);
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
    fc.record({ kind: fc.constant("discarded" as const), group, key }),
    fc.record({ kind: fc.constant("facts" as const), group, facts: fc.constant(facts) }),
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
    { numRuns: 300 },
  );
});
