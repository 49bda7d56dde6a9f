#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { addAccount } from "./account.ts";
import { addBench } from "./bench.ts";
import { addChat } from "./chat.ts";
import { addDb } from "./db.ts";
import { addGroups } from "./groups.ts";
import { addIdentity } from "./identity.ts";
import { addLoad } from "./load.ts";
import { UsageError } from "./program.ts";
import { addSend } from "./send.ts";
import { addServe } from "./serve.ts";
import { addTail } from "./tail.ts";
import { addTrust } from "./trust.ts";

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

addChat(program);
addServe(program);
addLoad(program);
addBench(program);
addDb(program);
addAccount(program);
addTrust(program);
addIdentity(program);
addSend(program);
addTail(program);
addGroups(program);

try {
  await program.parseAsync();
} catch (cause) {
  if (cause instanceof CommanderError) process.exitCode = cause.exitCode === 0 ? 0 : 2;
  else if (cause instanceof UsageError) {
    process.stderr.write(`${cause.message}\n`);
    process.exitCode = 2;
  } else throw cause;
}
