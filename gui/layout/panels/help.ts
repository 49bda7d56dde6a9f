import { actions, defaultBindings, type KeyContext } from "../../keys/bindings.ts";
import { commands } from "../../model/commands.ts";
import type { HelpDialog } from "../../model/dialog.ts";
import type { Size, State } from "../../model/state.ts";
import { keyLabel } from "../key-label.ts";
import { filled, type Line, span } from "../line.ts";
import { wrapSpans } from "../marked-text.ts";
import { type Panel, rowsOf } from "../panel.ts";

const contexts: readonly (readonly [context: KeyContext, heading: string])[] = [
  ["everywhere", "Everywhere"],
  ["input", "In the message box"],
  ["messages", "Among the messages"],
  ["groups", "In the list of groups"],
  ["dialog", "In a dialog"],
  ["signIn", "Signing in"],
];

/** Every command, and every key as the user has bound it. */
export function helpPanel({ bindings }: State, { top }: HelpDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 72);
  const labelColumns = Math.min(20, columns >> 1);
  const entry = (label: string, text: string): Line[] =>
    wrapSpans([span(text)], columns - labelColumns).map((line, at) => [
      ...filled(at === 0 ? [span(label, "key")] : [], labelColumns),
      ...line,
    ]);
  const keys = contexts.flatMap(([context, heading], at) => [
    ...(at === 0 ? [] : [[]]),
    [span(heading, "heading")],
    ...actions
      .filter((action) => defaultBindings[action].context === context)
      .flatMap((action) => entry(bindings[action].map(keyLabel).join(" "), defaultBindings[action].help)),
  ]);
  const written = Object.entries(commands).flatMap(([name, { takes, help }]) => entry(`/${name} ${takes}`, help));
  return {
    title: "Help",
    hint: "↑↓ PgUp PgDn · Esc closes",
    columns,
    body: rowsOf([...keys, [], [span("Commands, in the message box", "heading")], ...written]),
    top,
  };
}
