import { harmlessLine } from "../../core/client/index.ts";
import { fieldsOf } from "../model/sign-in.ts";
import type { SignIn, State } from "../model/state.ts";
import { cut } from "../text/width.ts";
import { button, field } from "./field.ts";
import { firstKey } from "./key-label.ts";
import { type Line, span } from "./line.ts";
import { wrapSpans } from "./marked-text.ts";
import { type Panel, type PanelRow, roomOf, rowsOf } from "./panel.ts";
import { spinner } from "./spinner.ts";

const labels = { server: "Server", user: "Name", password: "Password" } as const;
const labelColumns = 10;
const aboutTrust =
  "Nobody but the members of a group can read it. The safety number that you have with somebody proves that it is them: compare it once, face to face or on the telephone.";

/** The form for a profile of this machine, or for another account. */
export function signInPanel(state: State, scene: SignIn): Panel {
  const room = roomOf(state.size);
  const columns = Math.min(room.columns, 58);
  const { busy, problem, profiles, chosen } = scene;
  const rows = fieldsOf(scene).map((name, item) => fieldRow(scene, name, item, columns));
  const buttonsFrom = rows.findIndex((_, at) => fieldsOf(scene)[at] === "logIn");
  const remarks: Line[] = [];
  if (problem) {
    remarks.push(...wrapSpans([span(harmlessLine(problem.text), "problem")], columns));
    remarks.push(...wrapSpans([span(harmlessLine(problem.advice))], columns));
  }
  if (busy) {
    const seconds = Math.floor(Math.max(0, state.nowMs - busy.sinceMs) / 1000);
    remarks.push([
      span(`${spinner(state.nowMs)} `, "unread"),
      span(harmlessLine(busy.doing)),
      span(seconds > 1 ? `  ${seconds} s` : "", "dim"),
    ]);
  }
  const other = firstKey(state.bindings.formOther);
  const another =
    profiles.length > 0 ? [`${other} ${chosen === undefined ? "profiles" : "another account"}`] : ["Tab next"];
  const body = [
    ...rowsOf(profileLines(scene, columns)),
    ...rows.slice(0, buttonsFrom),
    ...(busy ? [] : [{ line: [] }, ...rows.slice(buttonsFrom)]),
    ...(remarks.length > 0 ? rowsOf([[], ...remarks]) : []),
  ];
  const focused = rows[fieldsOf(scene).indexOf(scene.field)];
  const isRoomy = body.length + 5 <= room.rows;
  return {
    title: "FastChat",
    hint: ["Enter goes on", ...another, `${firstKey(state.bindings.quit)} leaves`].join(" · "),
    columns,
    body,
    foot: isRoomy ? rowsOf([[], ...wrapSpans([span(aboutTrust, "dim")], columns)]) : [],
    at: body.findIndex((row) => row === focused),
  };
}

function profileLines({ profiles, chosen }: SignIn, columns: number): Line[] {
  if (profiles.length === 0) return [[span("An account on a server, or a new one.", "dim")], []];
  const lines = profiles.map(({ name, user, server }, at): Line => {
    const isChosen = at === chosen;
    const who = name === user ? user : `${name} (${user})`;
    const shown = cut(harmlessLine(who), columns - 4);
    const where = cut(harmlessLine(server), Math.max(0, columns - 6 - shown.length));
    return [span(isChosen ? "▸ " : "  ", "own"), span(shown, isChosen ? "strong" : "dim"), span(`  ${where}`, "dim")];
  });
  const isForm = chosen === undefined;
  return [...lines, [span(isForm ? "▸ " : "  ", "own"), span("another account", isForm ? "strong" : "dim")], []];
}

function fieldRow(scene: SignIn, name: SignIn["field"], item: number, columns: number): PanelRow {
  const items = [{ from: 0, item }];
  const isFocused = scene.field === name && !scene.busy;
  if (name === "logIn")
    return { line: button(scene.chosen === undefined ? "Join with this account" : "Open", isFocused), items };
  if (name === "signUp") return { line: button("Sign up as somebody new", isFocused), items };
  const isSecret = name === "password";
  const { line, cursor } = field(labels[name], scene.fields[name], columns, { labelColumns, isSecret, isFocused });
  return { line, items, ...(isFocused && { cursor }) };
}
