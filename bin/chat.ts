import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { aboutDeployment, type Profiles, ThisMachine } from "../core/client/index.ts";
import { addressOf, localServerPlace, useLocalServer } from "../core/cluster/local-server/local-server.ts";
import { type Cancel, systemClock } from "../core/platform/clock.ts";
import { Failure, messageOf } from "../core/platform/failure.ts";
import { type Bindings, bindingsOf, parseBindings } from "../gui/keys/bindings.ts";
import { startChat } from "../gui/main.ts";
import { withMachine } from "./account.ts";
import { type ChatConfig, chatSettings } from "./chat-settings.ts";
import { addSettings, run, settingsOf } from "./program.ts";
import { readSecret } from "./secrets.ts";

export function addChat(program: Command): void {
  addSettings(
    program
      .command("chat")
      .description("Chat in this terminal.")
      .addHelpText(
        "after",
        `
Examples:
  fastchat chat
  fastchat chat --user bob
  fastchat chat --server https://chat.example:7400 --tls-pin 9f86d0… --user alice

Without --server, where no profile names one, chats of this machine share a server of its own (127.0.0.1:7400, data in
~/.fastchat/server, or /var/tmp/fastchat-server for root): the first one starts it, and it ends by itself half a minute
after the last one. Two terminals are enough to talk.`,
      ),
    chatSettings,
  ).action((options) =>
    run(async (signal) => {
      const config = settingsOf(chatSettings, options);
      if (!process.stdin.isTTY || !process.stdout.isTTY) {
        throw new Failure(
          "no_terminal",
          "fastchat chat needs a terminal",
          "use fastchat send, tail and groups in pipes",
        );
      }
      const bindings = readBindings(config.keys);
      const machine = new ThisMachine(config.home);
      return withMachine(machine, async () => {
        const { profiles } = machine.parts;
        const local = localServerPlace(config.home, config.localPort, config.localSeconds);
        const letGo = needsLocal(profiles, config, addressOf(local)) ? await useLocal(local, signal) : undefined;
        try {
          const server = [config.server ?? addressOf(local), config.tlsPin ?? ""].join(" ").trim();
          const password =
            config.passwordFile === undefined ? undefined : await readSecret("password", config.passwordFile);
          const { user, profile } = config;
          await startChat({ parts: machine.parts, bindings, server, user, profile, password, signal });
        } finally {
          letGo?.();
        }
      });
    }),
  );
}

/** Whether one of the accounts that the settings fit, or a new account, is at this machine's own server. */
function needsLocal(profiles: Profiles, { server, user, profile }: ChatConfig, local: string): boolean {
  if (server !== undefined) return server === local;
  const known = profiles.list().map((name) => ({ name, ...profiles.read(name) }));
  const meant = known.filter(
    (of) => (profile === undefined || of.name === profile) && (user === undefined || of.user === user),
  );
  return meant.length === 0 || meant.some((of) => of.server === local);
}

async function useLocal(place: ReturnType<typeof localServerPlace>, signal: AbortSignal): Promise<Cancel> {
  const answers = async (address: string) => (await aboutDeployment(address)).ok;
  if (!(await answers(addressOf(place)))) process.stderr.write("starting this machine's own server…\n");
  const program = path.join(import.meta.dirname, "fastchat.js");
  return useLocalServer(place, { program, answers, clock: systemClock }, signal);
}

function readBindings(file: string | undefined): Bindings {
  if (file === undefined) return bindingsOf();
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Failure("keys_unreadable", `${file}: ${messageOf(cause)}`, "name a file of keys with --keys", cause);
  }
  const parsed = parseBindings(text);
  if (parsed.ok) return parsed.value;
  throw new Failure(
    "keys_unreadable",
    `${file}: ${parsed.reason}`,
    "mend the file; fastchat chat shows all actions with F1",
  );
}
