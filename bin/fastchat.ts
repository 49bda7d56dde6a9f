#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { UsageError } from "./program.ts";

// Whoever reads what is printed may stop doing so (`fastchat serve --help | head`); that ends nothing else.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EPIPE") throw cause;
  });
}

/** The one command: picks a room, and says what went wrong in a sentence. */
const program = new Command("fastchat")
  .description("End-to-end encrypted group chat on many servers, with the instruments that measure it.")
  .showHelpAfterError("(fastchat --help shows what there is)")
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

type Add = (program: Command) => void;

/** What each command needs is loaded with it: a chat does not wait for the benchmarks. */
const rooms: Readonly<Record<string, () => Promise<Add>>> = {
  chat: async () => (await import("./chat.ts")).addChat,
  serve: async () => (await import("./serve.ts")).addServe,
  load: async () => (await import("./load.ts")).addLoad,
  bench: async () => (await import("./bench.ts")).addBench,
  db: async () => (await import("./db.ts")).addDb,
  account: async () => (await import("./account.ts")).addAccount,
  trust: async () => (await import("./trust.ts")).addTrust,
  identity: async () => (await import("./identity.ts")).addIdentity,
  send: async () => (await import("./send.ts")).addSend,
  tail: async () => (await import("./tail.ts")).addTail,
  groups: async () => (await import("./groups.ts")).addGroups,
};

const [, , named = ""] = process.argv;
const wanted = Object.hasOwn(rooms, named) ? rooms[named] : undefined;
for (const room of wanted ? [wanted] : Object.values(rooms)) (await room())(program);

try {
  await program.parseAsync();
} catch (cause) {
  if (cause instanceof CommanderError) process.exitCode = cause.exitCode === 0 ? 0 : 2;
  else if (cause instanceof UsageError) {
    process.stderr.write(`${cause.message}\n`);
    process.exitCode = 2;
  } else throw cause;
}
