#!/usr/bin/env node
import { obey } from "./command-line.ts";

// The reader of the output may close it (`fastchat serve --help | head`); the command goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EPIPE") throw cause;
  });
}

/** The one command: does what its arguments say. */
await obey(process.argv.slice(2));
