import { systemClock } from "../../core/platform/clock.ts";
import { Screen } from "../screens/screen.ts";
import { Terminal } from "../terminal/terminal.ts";
import { messageIn, pageOf, releaseTeam, releaseTeamSession } from "./release-team.ts";
import { idOf } from "./session.ts";

/** The screen with a group in which Alice has written these arguments, each with a mark at the right edge. */
const texts = process.argv.slice(2);
const session = releaseTeamSession({ columns: process.stdout.columns, rows: process.stdout.rows });
const said = texts.map((text, at) => messageIn(at + 1, text, { sender: idOf.user(1), state: "sent" }));
session.hear(pageOf(releaseTeam, said));
const { stdin, stdout } = process;
const terminal = new Terminal({ stdin, stdout, clock: systemClock, onItem: () => {}, onBack: () => screen.redraw() });
terminal.open();
const { input, output } = terminal;
const screen = new Screen({
  input,
  output,
  environment: process.env,
  clock: systemClock,
  onEvent: (event) => screen.show(session.hear(event).state),
});
screen.show(session.state);
