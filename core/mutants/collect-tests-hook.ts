import type { ResolveHook } from "node:module";

const standIn = new URL("./collected-tests.js", import.meta.url).href;

/** A hook of Node's loader: whoever imports `node:test` gets the stand-in. */
export const resolve: ResolveHook = (specifier, context, next) =>
  specifier === "node:test" ? { url: standIn, shortCircuit: true } : next(specifier, context);
