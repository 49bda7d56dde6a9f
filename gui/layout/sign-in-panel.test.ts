import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Session, signInSession } from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { textOfLine } from "./line.ts";
import { signInPanel } from "./sign-in-panel.ts";

const usual = { columns: 80, rows: 24 };
const panelOf = (session: Session, size = usual) => signInPanel({ ...session.state, size }, session.signIn);
const bodyOf = (session: Session, size = usual) =>
  panelOf(session, size).body.map(({ line }) => textOfLine(line).trimEnd());
const profiles = [
  { name: "alice", user: "alice", server: "s1\u001b" },
  { name: "work", user: "bob", server: "s2" },
];

suite("the form of an account", () => {
  test("asks for server, name and password, and has two buttons", () => {
    const { title, hint, columns, body, at } = panelOf(signInSession().type("al"));
    assert.deepEqual([title, hint, columns, at], ["FastChat", "Enter goes on · Tab next · Ctrl-Q leaves", 58, 3]);
    assert.deepEqual(bodyOf(signInSession().type("al")), [
      "An account on a server, or a new one.",
      "",
      "Server    127.0.0.1:7400",
      "Name      al",
      "Password",
      "",
      "  Join with this account",
      "  Sign up as somebody new",
    ]);
    assert.deepEqual(
      body.map(({ items }) => items?.[0]?.item),
      [undefined, undefined, 0, 1, 2, undefined, 3, 4],
    );
    assert.deepEqual(
      body.map(({ cursor }) => cursor),
      [undefined, undefined, undefined, 12, undefined, undefined, undefined, undefined],
    );
    assert.deepEqual(
      body.slice(0, 5).map(({ line }) => styled(line)),
      [
        ["dim: An account on a server, or a new one."],
        [],
        ["dim: Server", "text on field: 127.0.0.1:7400"],
        ["strong: Name", "text on field: al"],
        ["dim: Password"],
      ],
    );
  });

  test("marks the button that has the focus", () => {
    const session = signInSession().press("tab", "tab");
    assert.deepEqual([bodyOf(session)[6], panelOf(session).at], ["▸ Join with this account", 6]);
    assert.deepEqual([bodyOf(session.press("tab"))[7], panelOf(session).at], ["▸ Sign up as somebody new", 7]);
  });

  test("of this machine lists its profiles, and asks for the password alone", () => {
    const session = signInSession(profiles).press("C-p").type("x");
    assert.deepEqual(bodyOf(session), [
      "  alice  s1␛",
      "▸ work (bob)  s2",
      "  another account",
      "",
      "Password  •",
      "",
      "  Open",
    ]);
    assert.deepEqual(
      panelOf(session)
        .body.slice(0, 4)
        .map(({ line }) => styled(line)),
      [["dim: alice", "dim: s1␛"], ["own: ▸", "strong: work (bob)", "dim: s2"], ["dim: another account"], []],
    );
    assert.equal(panelOf(session).hint, "Enter goes on · Ctrl-P another account · Ctrl-Q leaves");
    session.press("C-p");
    assert.deepEqual(styled(panelOf(session).body[2]?.line ?? []), ["own: ▸", "strong: another account"]);
    assert.equal(panelOf(session).hint, "Enter goes on · Ctrl-P profiles · Ctrl-Q leaves");
  });

  test("cuts names and servers that are long", () => {
    const long = signInSession([{ name: "a".repeat(30), user: "a".repeat(30), server: "s".repeat(30) }]);
    assert.equal(bodyOf(long)[0], `▸ ${"a".repeat(30)}  ${"s".repeat(21)}…`);
    assert.equal(bodyOf(long, { columns: 24, rows: 24 })[0], `▸ ${"a".repeat(15)}…`);
  });

  test("says what is wrong, and what to do", () => {
    const session = signInSession().hear({
      kind: "signInFailed",
      text: "Wrong\u001b password.",
      advice: "Try\u001b again.",
    });
    assert.deepEqual(bodyOf(session).slice(8), ["", "Wrong␛ password.", "Try␛ again."]);
    assert.deepEqual(
      panelOf(session)
        .body.slice(8)
        .map(({ line }) => styled(line)),
      [[], ["problem: Wrong␛ password."], ["text: Try␛ again."]],
    );
  });

  test("says what it does, and for how long, and has no buttons meanwhile", () => {
    const session = signInSession(profiles).type("x").press("enter");
    assert.deepEqual(bodyOf(session).slice(3), ["", "Password  •", "", "⠋ opening the vault"]);
    assert.deepEqual(styled(panelOf(session).body[4]?.line ?? [])[0], "dim: Password");
    assert.ok(panelOf(session).body.every(({ cursor }) => cursor === undefined));
    session.hear({ kind: "tick", nowMs: 1_001_999 });
    assert.match(bodyOf(session).at(-1) ?? "", / opening the vault$/, "a second is not worth a word");
    session.hear({ kind: "tick", nowMs: 1_002_000 });
    assert.equal(bodyOf(session).at(-1), "⠋ opening the vault  2 s");
    assert.deepEqual(styled(panelOf(session).body.at(-1)?.line ?? []), [
      "unread: ⠋",
      "text: opening the vault",
      "dim: 2 s",
    ]);
  });

  test("says whom to trust where there is room for that", () => {
    const foot = (rows: number) =>
      (panelOf(signInSession(), { columns: 80, rows }).foot ?? [])
        .map(({ line }) => textOfLine(line))
        .join(" ")
        .trim();
    assert.match(
      foot(15),
      /^Nobody but the members of a group can read it\. .* compare it once, face to face or on the telephone\.$/,
    );
    assert.equal(foot(14), "");
    assert.equal(styled(panelOf(signInSession()).foot?.[1]?.line ?? [])[0]?.slice(0, 11), "dim: Nobody");
  });
});
