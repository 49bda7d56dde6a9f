import { Command, CommanderError } from "commander";
import { type CommandHost, hostedBy, ownHost } from "./command-host.ts";
import { UsageError } from "./program.ts";

type Add = (program: Command) => void;

/** Each command loads only its own modules: a chat does not wait for the benchmarks. */
const commands: Readonly<Record<string, () => Promise<Add>>> = {
  chat: async () => (await import("./chat.ts")).addChat,
  serve: async () => (await import("./serve.ts")).addServe,
  load: async () => (await import("./load.ts")).addLoad,
  bench: async () => (await import("./bench.ts")).addBench,
  conform: async () => (await import("./conform.ts")).addConform,
  db: async () => (await import("./db.ts")).addDb,
  account: async () => (await import("./account.ts")).addAccount,
  trust: async () => (await import("./trust.ts")).addTrust,
  identity: async () => (await import("./identity.ts")).addIdentity,
  send: async () => (await import("./send.ts")).addSend,
  found: async () => (await import("./found.ts")).addFound,
  tail: async () => (await import("./tail.ts")).addTail,
  groups: async () => (await import("./groups.ts")).addGroups,
};

/**
 * Runs a command line. The exit code is 2 when it cannot be understood and 0 when it asks for help; a command that has run sets
 * its own.
 */
export async function obey(args: readonly string[], host: CommandHost = ownHost): Promise<void> {
  const program = new Command("fastchat")
    .description("End-to-end encrypted group chat on many servers, with the instruments that measure it.")
    .showHelpAfterError("(fastchat --help shows what there is)")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: host.out, writeErr: host.err })
    .exitOverride();
  const [named = ""] = args;
  const wanted = Object.hasOwn(commands, named) ? commands[named] : undefined;
  for (const command of wanted ? [wanted] : Object.values(commands)) (await command())(program);
  try {
    await hostedBy(host, () => program.parseAsync(args, { from: "user" }));
  } catch (cause) {
    if (cause instanceof CommanderError) return host.end(cause.exitCode === 0 ? 0 : 2);
    if (!(cause instanceof UsageError)) throw cause;
    host.err(`${cause.message}\n`);
    host.end(2);
  }
}
