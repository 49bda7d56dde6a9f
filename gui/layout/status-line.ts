import { harmlessLine } from "../../core/client/index.ts";
import type { ChatState } from "../model/state.ts";
import { activeConversation } from "../model/step.ts";
import { firstKey } from "./key-label.ts";
import { columnsOfLine, cutLine, filled, type Line, span } from "./line.ts";
import { spinner } from "./spinner.ts";

/** The state of the connection, or for a while what just happened; at the right, the most important keys. */
export function statusLine(state: ChatState, columns: number): Line {
  const { toast } = state;
  if (toast) {
    const style = toast.kind === "problem" ? "problem" : "strong";
    return filled(
      [span(toast.kind === "problem" ? " ! " : " ", style), span(harmlessLine(toast.text), style)],
      columns,
      "bar",
    );
  }
  const left = connectionOf(state);
  for (const keys of [keysOf(state, 4), keysOf(state, 2), keysOf(state, 1)]) {
    const space = columns - columnsOfLine(left) - columnsOfLine(keys);
    if (space > 1) return filled([...left, span(" ".repeat(space)), ...keys], columns, "bar");
  }
  return filled(cutLine(left, columns), columns, "bar");
}

function connectionOf(of: ChatState): Line {
  const group = activeConversation(of)?.facts;
  const { state, why, server, strategy, roundTripMs, waiting } = of.scene.connection;
  const queue = waiting > 0 ? [span(`  ${waiting} waiting`, "unread")] : [];
  const reason = why && span(`: ${harmlessLine(why)}`, "dim");
  switch (state) {
    case "online": {
      const facts = [
        server && harmlessLine(server),
        roundTripMs === undefined ? undefined : `${Math.round(roundTripMs)} ms`,
        strategy && harmlessLine(strategy),
        group && `epoch ${group.epoch}`,
        group && harmlessLine(group.suite),
      ];
      const shown = facts.filter((fact) => fact !== undefined && fact !== "").join(" · ");
      // The count of waiting messages comes first, so that it is never cut off.
      return [span(" ● ", "online"), span("online"), ...queue, ...(shown ? [span(`  ${shown}`, "dim")] : [])];
    }
    case "connecting":
      return [span(` ${spinner(of.nowMs)} `, "unread"), span("connecting"), ...(reason ? [reason] : []), ...queue];
    case "offline":
      return [span(" ○ ", "problem"), span("offline"), ...(reason ? [reason] : []), ...queue];
    default:
      return state satisfies never;
  }
}

function keysOf({ bindings }: ChatState, count: number): Line {
  const hints = [
    [bindings.help, "help"],
    [bindings.switch, "go to"],
    [bindings.sendFile, "file"],
    [bindings.members, "members"],
  ] as const;
  return hints
    .slice(0, count)
    .filter(([keys]) => keys.length > 0)
    .flatMap(([keys, text]) => [span(firstKey(keys), "key"), span(` ${text}  `, "dim")]);
}
