#!/usr/bin/env node
import { obey } from "./command-line.ts";

// Whoever reads what is printed may stop doing so (`fastchat serve --help | head`); that ends nothing else.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EPIPE") throw cause;
  });
}

/** The one command: does what its arguments say. */
await obey(process.argv.slice(2));
