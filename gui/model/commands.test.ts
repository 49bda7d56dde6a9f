import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  bob,
  cats,
  catsFacts,
  chatSession,
  dogs,
  groupRow,
  idOf,
  newestPage,
  type Session,
} from "../testing/session.ts";
import { commandNames, commands } from "./commands.ts";

const written = (line: string, session: Session = chatSession()) => {
  session.done();
  return session.hear({ kind: "facts", group: cats, facts: catsFacts }, { kind: "paste", text: line }).press("enter");
};
const effectsOf = (line: string) =>
  written(line)
    .done()
    .filter(({ kind }) => kind !== "typing");
const toastOf = (line: string, session?: Session) => written(line, session).state.toast;
const dialogOf = (line: string) => written(line).topDialog;

suite("a command", () => {
  test("opens the dialog of its name", () => {
    for (const name of ["help", "members", "transfers", "settings"]) assert.equal(dialogOf(`/${name}`)?.kind, name);
    assert.deepEqual(
      ["/amend", "/create"].map((line) => dialogOf(line)?.kind),
      ["group", "group"],
    );
    assert.equal(dialogOf("/send")?.kind, "files");
  });

  test("leaves the message box empty, whatever spaces stand around it", () => {
    const session = written("  /join   dogs  ");
    assert.equal(session.chat.scene.active, dogs);
    assert.equal(session.conversation(cats).draft.text, "");
  });

  test("changes the group, or its members by name", () => {
    const change = (of: object) => [{ kind: "amendGroup", group: cats, ...of }];
    assert.deepEqual(effectsOf("/add carol"), change({ add: ["carol"] }));
    assert.deepEqual(effectsOf("/remove bob,carol"), change({ remove: ["bob", "carol"] }));
    assert.deepEqual(effectsOf("/promote @bob"), change({ promote: ["bob"] }));
    assert.deepEqual(effectsOf("/demote bob"), change({ demote: ["bob"] }));
    assert.deepEqual(effectsOf("/rename all cats"), change({ title: "all cats" }));
    assert.equal(effectsOf("/quit")[0]?.kind, "quit");
  });

  test("without its argument says what is missing, and changes nothing", () => {
    for (const [line, text] of [
      ["/add", "Whom? /add alice, bob"],
      ["/remove , ", "Whom? /remove alice, bob"],
      ["/promote", "Whom? /promote alice, bob"],
      ["/demote", "Whom? /demote alice, bob"],
      ["/rename", "Under which title? /rename TITLE"],
      ["/join", "There is no one group called nothing."],
      ["/trust", "You have met nobody called nothing."],
      ["/nonsense", "There is no /nonsense; /help lists what there is, and // begins a text."],
    ] as const) {
      const session = written(line);
      assert.deepEqual([session.state.toast?.kind, session.state.toast?.text], ["problem", text]);
      assert.deepEqual(session.did("amendGroup"), []);
    }
  });

  test("founds a group with a title, and members behind a colon", () => {
    const founded = (title: string, members: string[]) => [
      { kind: "createGroup", title, members, history: false, expireSeconds: 0 },
    ];
    assert.deepEqual(effectsOf("/create birds : bob, carol"), founded("birds", ["bob", "carol"]));
    assert.deepEqual(effectsOf("/create birds"), founded("birds", []));
    assert.deepEqual(toastOf("/create birds")?.text, "founding birds…");
    assert.equal(toastOf("/create birds")?.kind, "info");
    assert.equal(dialogOf("/create : bob")?.kind, "group", "a group needs a title");
  });

  test("that cannot be undone asks first, says what will be, and begins with no", () => {
    const asked = (line: string) => {
      const dialog = dialogOf(line);
      assert.ok(dialog?.kind === "confirm");
      return [dialog.title, dialog.yes, dialog.no, dialog.at, dialog.effects];
    };
    assert.deepEqual(asked("/leave"), [
      "Leave the group?",
      "Leave",
      "Stay",
      "no",
      [{ kind: "leaveGroup", group: cats }],
    ]);
    assert.deepEqual(asked("/delete"), [
      "Delete the group?",
      "Delete",
      "Keep it",
      "no",
      [{ kind: "deleteGroup", group: cats }],
    ]);
    const text = (line: string) => {
      const dialog = dialogOf(line);
      return dialog?.kind === "confirm" ? dialog.text : "";
    };
    assert.match(text("/leave"), /from now on.*What was read stays/);
    assert.match(text("/delete"), /Everybody is removed.*keeps what they have read/);
  });

  test("about a person knows them by their name in any case, with or without @", () => {
    assert.deepEqual(effectsOf("/trust Bob"), [{ kind: "readSafetyNumber", user: bob }]);
    assert.deepEqual(effectsOf("/accept @bob"), [{ kind: "readSafetyNumber", user: bob }]);
    assert.deepEqual(effectsOf("/verify bob"), [{ kind: "verify", user: bob }]);
    assert.equal(toastOf("/verify b@ob")?.text, "You have met nobody called b@ob.");
    assert.equal(toastOf("/trust carol")?.text, "You have met nobody called carol.");
  });

  test("of a title that two groups have goes to neither", () => {
    const birds = idOf.group(12);
    const twice = () => chatSession([groupRow(cats), groupRow(dogs), groupRow(birds, { title: "dogs" })]);
    const session = written("/join dogs", twice());
    assert.equal(session.chat.scene.active, cats);
    assert.equal(session.state.toast?.text, "There is no one group called dogs.");
  });

  test("sends a file without what tells where it was taken", () => {
    const session = chatSession().type("/send /tmp/my cat.png").press("enter");
    assert.deepEqual(session.did("sendFile"), [
      { kind: "sendFile", group: cats, file: "/tmp/my cat.png", keepMetadata: false },
    ]);
    assert.deepEqual([session.state.toast?.text, session.state.toast?.kind], ["sending /tmp/my cat.png…", "info"]);
  });

  test("searches one conversation or all", () => {
    assert.deepEqual(written("/find two fish").did("search"), [{ kind: "search", group: cats, words: "two fish" }]);
    assert.deepEqual(written("/search fish").did("search"), [{ kind: "search", group: undefined, words: "fish" }]);
    assert.deepEqual(written("/find").did("search"), []);
  });

  test("goes to the next conversation with something new", () => {
    const session = written("/next", chatSession([groupRow(cats), groupRow(dogs, { unread: 1 })]));
    assert.equal(session.chat.scene.active, dogs);
  });

  test("sets what can be set, keeps that, and names the values where it is none of them", () => {
    for (const [key, text, value] of [
      ["theme", "dark", "dark"],
      ["theme", "light", "light"],
      ["theme", "none", "none"],
      ["notify", "mentions", "mentions"],
      ["notify", "all", "all"],
      ["notify", "none", "none"],
      ["typing", "on", true],
      ["typing", "off", false],
      ["receipts", "on", true],
      ["receipts", "off", false],
    ] as const) {
      const session = written(`/${key} ${text}`);
      assert.equal(session.state.settings[key], value);
      assert.deepEqual(session.did("saveSettings"), [{ kind: "saveSettings", settings: session.state.settings }]);
      assert.equal(session.state.toast?.text, `${key}: ${text}`);
    }
    for (const [line, text] of [
      ["/theme pink", "/theme takes dark, light, none."],
      ["/notify", "/notify takes mentions, all, none."],
      ["/typing yes", "/typing takes on, off."],
      ["/receipts 1", "/receipts takes on, off."],
    ] as const)
      assert.deepEqual([written(line).did("saveSettings"), toastOf(line)?.text], [[], text]);
  });
});

test("what needs a group is refused without one, and after leaving it", () => {
  const without = chatSession([]).press("C-t");
  assert.deepEqual(
    [without.topDialog, without.state.toast?.text],
    [undefined, "No group is open: found one, or go to one."],
  );
  const left = written("/add carol", chatSession([groupRow(cats, { left: true })]));
  const another = written("/add carol", chatSession([groupRow(dogs, { left: true }), groupRow(cats)]));
  assert.equal(another.did("amendGroup").length, 1, "it is another group that the user has left");
  const founded = written("/add carol", chatSession().hear({ kind: "groups", groups: [groupRow(dogs)] }));
  assert.equal(founded.did("amendGroup").length, 1, "the list may lack a group that was founded this moment");
  assert.deepEqual([left.did("amendGroup"), left.state.toast?.text], [[], "You are no member of this group any more."]);
});

test("each command has a line in the help, and what it takes", () => {
  assert.deepEqual(commandNames, Object.keys(commands));
  for (const { help } of Object.values(commands)) assert.match(help, /^[a-z].*[a-z]$/);
  assert.deepEqual(
    Object.entries(commands)
      .filter(([, { takes }]) => takes !== "")
      .map(([name, { takes }]) => `/${name} ${takes}`),
    [
      "/join GROUP",
      "/create TITLE: alice, bob",
      "/add alice, bob",
      "/remove alice, bob",
      "/promote alice",
      "/demote alice",
      "/rename TITLE",
      "/trust alice",
      "/verify alice",
      "/accept alice",
      "/send [PATH]",
      "/find WORDS",
      "/search WORDS",
      "/theme dark|light|none",
      "/notify mentions|all|none",
      "/typing on|off",
      "/receipts on|off",
    ],
  );
});

test("a page of another conversation leaves what is written to a command alone", () => {
  const session = chatSession().type("/jo").hear(newestPage(dogs, []));
  assert.equal(session.draft, "/jo");
});
