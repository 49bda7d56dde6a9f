import { systemClock } from "../../core/platform/clock.ts";
import type { Size } from "../model/state.ts";
import { Screen } from "../screens/screen.ts";
import { releaseTeamSession } from "./release-team.ts";

/** The screen with somebody's release team in it and no account behind it, for a test to look at and type into. */
const size: Size = { columns: process.stdout.columns, rows: process.stdout.rows };
const session = releaseTeamSession(size);
const screen = new Screen({
  input: process.stdin,
  output: process.stdout,
  environment: process.env,
  clock: systemClock,
  onEvent(event) {
    session.hear(event);
    const kinds = new Set(session.done().map(({ kind }) => kind));
    if (kinds.has("redraw")) screen.redraw();
    if (kinds.has("suspend")) {
      screen.pause();
      process.stdout.write("the shell has the terminal\n");
      setTimeout(() => screen.resume(), 1500);
    }
    if (kinds.has("quit")) {
      screen.close();
      process.exit(0);
    }
    screen.show(session.state);
  },
});
screen.show(session.state);
