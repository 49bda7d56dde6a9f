import assert from "node:assert/strict";
import { test } from "node:test";
import { drawn } from "../testing/drawn.ts";
import { messageIn, messages, pageOf, releaseTeam, releaseTeamSession, sessionOf } from "../testing/release-team.ts";
import { chatSession } from "../testing/session.ts";
import { hit } from "./hit.ts";

const usual = { columns: 80, rows: 24 };

/** Where on the screen a text stands. */
function placeOf(lines: readonly string[], text: string): [x: number, y: number] {
  const y = lines.findIndex((line) => line.includes(text));
  assert.ok(y >= 0, `${text} is not shown:\n${lines.join("\n")}`);
  return [lines[y]?.indexOf(text) ?? 0, y];
}

test("a click finds the group, the message and the message box that are drawn there", () => {
  const { state } = releaseTeamSession(usual);
  const lines = drawn(state);
  const at = (text: string) => hit(state, ...placeOf(lines, text));
  assert.deepEqual([at("cats")?.on, at("cats")?.row], ["groups", 1]);
  const key = messages.find(({ content }) => content?.kind === "text" && content.text.startsWith("@bob"))?.key;
  assert.deepEqual([at("@bob great")?.on, at("@bob great")?.row], ["conversation", key]);
  assert.equal(at("new since you left")?.row, -1);
  assert.equal(at("write a message")?.on, "input");
});

test("a click finds the messages of a short conversation, which is right above the message box", () => {
  const { state } = releaseTeamSession(usual).hear(pageOf(releaseTeam, [messageIn(20, "the only one")]));
  assert.equal(hit(state, ...placeOf(drawn(state), "the only one"))?.row, 20);
  assert.equal(hit(state, 40, 3)?.row, -1);
});

test("in a dialog a click finds the item, and beside the dialog what is there", () => {
  const { state } = releaseTeamSession(usual).press("C-t");
  const lines = drawn(state);
  assert.deepEqual(
    [hit(state, ...placeOf(lines, "carol "))?.on, hit(state, ...placeOf(lines, "carol "))?.row],
    ["dialog", 2],
  );
  assert.equal(hit(state, ...placeOf(lines, "cats"))?.on, "groups");
  const asked = releaseTeamSession(usual).type("/leave").press("enter").state;
  const rows = ["Leave ", "Stay"].map((text) => hit(asked, ...placeOf(drawn(asked), `  ${text}`.trimStart()))?.row);
  assert.deepEqual(rows, [-1, 1]);
});

test("in the sign-in form a click finds the field", () => {
  const { state } = sessionOf(usual);
  const lines = drawn(state);
  assert.deepEqual(
    ["Server", "Name", "Password", "Join", "Sign up"].map((text) => hit(state, ...placeOf(lines, text))?.row),
    [0, 1, 2, 3, 4],
  );
});

test("a click beside everything that can be clicked finds nothing, and beside the items of a dialog none", () => {
  const { state } = releaseTeamSession(usual);
  assert.equal(hit(state, 40, 0), undefined, "the title");
  assert.equal(hit(state, 40, 21), undefined, "the line above the message box");
  assert.deepEqual(hit(state, 0, 23), { on: "status", row: 0, column: 0 });
  assert.deepEqual(hit(state, 30, 22), { on: "input", row: 0, column: 6 });
  assert.deepEqual(hit(state, 3, 0), { on: "groups", row: -1, column: 3 });
  assert.deepEqual(hit(state, 23, 22), { on: "groups", row: -1, column: 23 });
  assert.equal(hit({ ...state, size: { columns: 19, rows: 24 } }, 3, 3), undefined);
  const { state: asked } = releaseTeamSession(usual).press("C-t");
  const [x, y] = placeOf(drawn(asked), "╭─ Members");
  assert.deepEqual(hit(asked, x, y), { on: "dialog", row: -1, column: 0 });
  assert.deepEqual(hit(asked, x + 3, y + 1), { on: "dialog", row: 0, column: 3 });
  assert.equal(hit(asked, x - 1, y)?.on, "groups");
  const right = placeOf(drawn(asked), "╮")[0];
  assert.deepEqual(
    [right, right + 1].map((column) => hit(asked, column, y + 1)?.on),
    ["dialog", "conversation"],
  );
});

test("a click in the sign-in form finds no field beside it", () => {
  const { state } = sessionOf(usual);
  assert.equal(hit(state, 0, 0), undefined);
  const [x, y] = placeOf(drawn(state), "Server");
  assert.deepEqual(hit(state, x, y), { on: "signIn", row: 0, column: x });
});

test("while no group is open a click on the conversation finds no message, and after scrolling the right one", () => {
  const rows = Array.from({ length: 60 }, (_, at) => messageIn(at + 1, `number ${at + 1}!`));
  const { state } = releaseTeamSession(usual).hear(pageOf(releaseTeam, rows)).press("pageup");
  assert.equal(hit(state, ...placeOf(drawn(state), "number 40!"))?.row, 40);
  const session = chatSession([]);
  assert.deepEqual(hit({ ...session.state, size: usual }, 40, 5), { on: "conversation", row: -1, column: 16 });
});
