import { sleep, systemClock } from "../../core/platform/clock.ts";
import type { Event } from "../model/event.ts";
import type { Size } from "../model/state.ts";
import { Screen } from "../screens/screen.ts";
import { Terminal } from "../terminal/terminal.ts";
import { releaseTeamSession } from "./release-team.ts";

/** The screen with the release team of the tests and no account behind it, for tests and people to look at and type into. */
const size: Size = { columns: process.stdout.columns, rows: process.stdout.rows };
const session = releaseTeamSession(size);
const { stdin, stdout } = process;
const terminal = new Terminal({
  stdin,
  stdout,
  clock: systemClock,
  onItem: (item) => (item.kind === "answer" ? undefined : hear(item)),
  onBack: () => screen.redraw(),
});
terminal.open();
const { input, output } = terminal;
const screen = new Screen({ input, output, environment: process.env, clock: systemClock, onEvent: hear });

function hear(event: Event): void {
  session.hear(event);
  const kinds = new Set(session.done().map(({ kind }) => kind));
  if (kinds.has("redraw")) screen.redraw();
  if (kinds.has("suspend")) {
    void terminal.lend(async () => {
      stdout.write("the shell has the terminal\n");
      await sleep(systemClock, 1500);
    });
  }
  if (kinds.has("quit")) {
    screen.close();
    terminal.close();
    process.exit(0);
  }
  screen.show(session.state);
}
screen.show(session.state);
