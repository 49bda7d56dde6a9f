import { frameOf } from "../layout/frame.ts";
import type { State } from "../model/state.ts";
import { cellsOf } from "../screens/cells.ts";
import { themeFor } from "../screens/theme.ts";

/** The screen of a state, row by row, without its colours and trailing spaces. */
export function drawn(state: State): string[] {
  const cells = cellsOf(frameOf(state), state.size, themeFor(state.settings, { NO_COLOR: "1" }));
  return cells.map((row) =>
    row
      .map(({ text }) => text)
      .join("")
      .trimEnd(),
  );
}
