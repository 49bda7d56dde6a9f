import { Failure } from "../../core/platform/failure.ts";
import { defineBenchmark } from "../benchmark.ts";
import { type MicroDocument, microDocument } from "../document/micro-document.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { GuiSession, type MicroGuiSettings } from "../micro/gui-session.ts";
import { option } from "../options.ts";
import { figuresTable } from "../report/figures-table.ts";
import { signUpPerson } from "../started/bench-person.ts";
import { openLaboratory } from "../started/laboratory.ts";
import { PseudoTerminal } from "../started/pseudo-terminal.ts";
import { ServerProcess } from "../started/server-process.ts";

export const microGui = defineBenchmark({
  name: "micro gui",
  question: "how long does a key of the terminal client take to the screen, with 50,000 messages in its vault?",
  description: "of the terminal client, a key until it is on the screen",
  options: { messages: option.whole({ help: "messages in the conversation", default: 50_000 }) },
  examples: ["--messages 10000"],
  schema: microDocument("gui"),
  table: figuresTable,
  run: (options, parts) => runMicroGui({ ...fixedSettings, ...options }, parts),
});

type GuiDocument = MicroDocument<"gui">;
type Figures = GuiDocument["figures"];

/** Settings that no option changes. */
const fixedSettings = {
  keys: 300,
  incomingPerSecond: 500,
  incomingSeconds: 10,
  idleSeconds: 10,
  quietSeconds: 2,
} as const;

/** Starts and uses the terminal client at a pseudo-terminal, with a large conversation in its vault. */
export async function runMicroGui(settings: MicroGuiSettings, parts: BenchmarkRun<GuiDocument>): Promise<GuiDocument> {
  if (!PseudoTerminal.isPossible()) {
    throw new Failure("no_pseudo_terminal", "this machine has no util-linux script", "run it on Linux");
  }
  const startedAt = new Date().toISOString();
  const laboratory = await openLaboratory(parts, 1);
  try {
    const server = await ServerProcess.start({ kind: "fastchat", config: await laboratory.serveConfig({}) });
    try {
      const writer = await signUpPerson(server.target, "writer", laboratory.keyPairOf(0));
      const environment = laboratory.environment(server.ready.durability);
      const document = (figures: Figures): GuiDocument => ({
        schemaVersion: 1,
        benchmark: "micro",
        topic: "gui",
        startedAt,
        environment,
        secondsPerRound: settings.incomingSeconds,
        comparisons: [],
        figures,
      });
      const session = new GuiSession(settings, {
        target: server.target,
        directory: laboratory.directory,
        writer,
        log: parts.log,
        signal: parts.signal,
        onStep: (what) => parts.onStep?.(what),
        keep: (figures) => parts.onMeasured?.(document(figures)),
      });
      try {
        return document(await session.measure());
      } finally {
        await writer.client.close();
      }
    } finally {
      await server.stop();
    }
  } finally {
    await laboratory.close();
  }
}
