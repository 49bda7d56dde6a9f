import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Session, signInSession } from "../testing/session.ts";

const profiles = ["alice", "bob"].map((name) => ({ name, user: name, server: "s" }));
const known = { server: "127.0.0.1:7400", user: "alice" };
const textsOf = ({ signIn }: Session) => Object.values(signIn.fields).map(({ text }) => text);
const click = (row: number) => ({ kind: "click", on: "signIn", row, column: 1 }) as const;

suite("the form of an account", () => {
  test("begins with what is known, in the field that is not", () => {
    assert.deepEqual([signInSession().signIn.field, textsOf(signInSession())], ["user", ["127.0.0.1:7400", "", ""]]);
    const session = signInSession([], known);
    assert.deepEqual([session.signIn.field, textsOf(session)], ["password", ["127.0.0.1:7400", "alice", ""]]);
    assert.equal(signInSession(profiles).signIn.field, "password");
  });

  test("of this machine begins with the first profile, or with the one that fits", () => {
    assert.equal(signInSession(profiles).signIn.chosen, 0);
    assert.equal(signInSession(profiles, { server: "s", profile: "alice", user: "bob" }).signIn.chosen, 0);
    assert.equal(signInSession(profiles, { server: "s", profile: "nobody" }).signIn.chosen, 0);
  });

  test("is gone through by keys, round and round", () => {
    const session = signInSession();
    const through = (key: string) => session.press(key).signIn.field;
    assert.deepEqual(
      Array.from({ length: 5 }, () => through("tab")),
      ["password", "logIn", "signUp", "server", "user"],
    );
    assert.deepEqual([through("S-tab"), through("up"), through("down")], ["server", "signUp", "server"]);
    const profile = signInSession(profiles);
    assert.deepEqual([profile.press("tab").signIn.field, profile.press("tab").signIn.field], ["logIn", "password"]);
  });

  test("goes on to the next field by Enter, and is sent on its buttons alone", () => {
    const session = signInSession([], known).type("secret");
    assert.deepEqual([session.press("enter").signIn.field, session.done()], ["logIn", []]);
    assert.equal(session.press("enter").did("logIn").length, 1);
  });

  test("is edited by keys and pastes, in one line", () => {
    const session = signInSession().type("alicx").press("backspace").type("e");
    session.hear({ kind: "paste", text: "-1\n" });
    assert.equal(session.signIn.fields.user.text, "alice-1 ");
    assert.equal(session.press("C-u", "f9").signIn.fields.user.text, "");
  });

  test("takes no text on its buttons, where the space bar presses", () => {
    const on = (...keys: string[]) =>
      signInSession([], known)
        .type("secret")
        .press(...keys);
    const logIn = on("tab").type("x").hear({ kind: "paste", text: "y" });
    assert.deepEqual([textsOf(logIn)[2], logIn.done()], ["secret", []]);
    assert.equal(logIn.press("space").did("logIn").length, 1);
    const signUp = on("tab", "tab").type("x").hear({ kind: "paste", text: "y" });
    assert.deepEqual([textsOf(signUp)[2], signUp.done()], ["secret", []]);
    assert.equal(signUp.press("space").did("signUp").length, 1);
  });

  test("takes clicks on its fields and buttons, and none elsewhere", () => {
    const session = signInSession([], known).type("secret").hear(click(0));
    assert.equal(session.signIn.field, "server");
    assert.equal(session.hear(click(-1)).signIn.field, "server");
    assert.deepEqual(session.hear({ ...click(3), on: "dialog" }).done(), []);
    assert.equal(session.hear(click(3)).did("logIn").length, 1);
    const other = signInSession([], known).type("secret").hear(click(4));
    assert.equal(other.did("signUp").length, 1);
    assert.equal(other.did("logIn").length, 0);
    assert.equal(signInSession(profiles).type("x").hear(click(1)).did("openAccount").length, 1);
  });

  test("goes through the profiles and the form for another account, without the password", () => {
    const session = signInSession(profiles).type("secret").press("enter");
    session.hear({ kind: "signInFailed", text: "Wrong.", advice: "Again." });
    session.type("x").press("escape");
    assert.deepEqual([session.signIn.chosen, session.signIn.problem, textsOf(session)[2]], [1, undefined, ""]);
    session.press("escape");
    assert.deepEqual([session.signIn.chosen, session.signIn.field], [undefined, "user"]);
    session.press("escape");
    assert.deepEqual([session.signIn.chosen, session.signIn.field], [0, "password"]);
    const none = signInSession().press("escape");
    assert.deepEqual([none.signIn.chosen, none.signIn.field], [undefined, "user"]);
  });

  test("is sent without the spaces around server and name, and with those of the password", () => {
    const session = signInSession([], { server: " s:1 ", user: " bob " }).type(" x ").press("tab", "enter");
    assert.deepEqual(session.done(), [{ kind: "logIn", server: "s:1", user: "bob", password: " x " }]);
  });

  test("names what is missing, and what to do", () => {
    const lacks = (of: { server: string; user: string }, password: string) => {
      const session = signInSession([], of).type(password).hear(click(3));
      assert.deepEqual(session.done(), []);
      assert.equal(session.signIn.problem?.advice, "Write it, then press Enter.");
      return [session.signIn.field, session.signIn.problem?.text];
    };
    assert.deepEqual(lacks({ server: " ", user: "bob" }, "x"), ["server", "The server's address is missing."]);
    assert.deepEqual(lacks({ server: "s", user: " " }, "x"), ["user", "The user name is missing."]);
    assert.deepEqual(lacks({ server: "s", user: "bob" }, ""), ["password", "The password is missing."]);
    const profile = signInSession(profiles).press("enter");
    assert.deepEqual([profile.signIn.field, profile.signIn.problem?.text], ["password", "The password is missing."]);
  });
});

suite("signing in", () => {
  const at = (session: Session) => session.signIn.busy;

  test("says what it does, and since when", () => {
    const session = signInSession([], known).type("x").press("tab", "enter");
    assert.deepEqual(at(session), { doing: "logging in", sinceMs: 1_000_000 });
    assert.equal(at(signInSession([], known).type("x").hear(click(4)))?.doing, "signing up");
    assert.equal(at(signInSession(profiles).type("x").press("enter"))?.doing, "opening the vault");
    session.hear({ kind: "tick", nowMs: 1_003_000 }, { kind: "doing", doing: "reading groups" });
    assert.deepEqual(at(session), { doing: "reading groups", sinceMs: 1_000_000 });
    const fresh = signInSession().hear({ kind: "tick", nowMs: 1_003_000 }, { kind: "doing", doing: "waiting" });
    assert.equal(at(fresh)?.sinceMs, 1_003_000);
  });

  test("that failed says why, asks for the password anew, and ends when it is tried again", () => {
    const session = signInSession([], known).type("x").press("tab", "enter");
    session.hear({ kind: "signInFailed", text: "Wrong password.", advice: "Try again." });
    const { signIn } = session;
    assert.deepEqual(
      [signIn.busy, signIn.problem, signIn.field, textsOf(session)],
      [undefined, { text: "Wrong password.", advice: "Try again." }, "password", ["127.0.0.1:7400", "alice", ""]],
    );
    session.type("y").press("tab", "enter");
    assert.equal(session.signIn.problem, undefined);
  });

  test("can be left, and nothing else can be done meanwhile", () => {
    const session = signInSession([], known).type("x").press("tab", "enter");
    session.done();
    session.press("enter", "tab", "C-l").hear(click(4));
    assert.deepEqual(session.done(), []);
    assert.deepEqual(session.press("C-q").done(), [{ kind: "quit" }]);
  });

  test("the terminal's keys work in the form, and what belongs to a chat is ignored", () => {
    const session = signInSession().press("C-l", "C-z", "C-c");
    assert.deepEqual(session.done(), [{ kind: "redraw" }, { kind: "suspend" }, { kind: "quit" }]);
    const { state } = session;
    session.hear({ kind: "news", text: "bob has joined." }, { kind: "wheel", on: "signIn", up: true });
    assert.deepEqual([session.state, session.done()], [state, []]);
  });
});
