import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/**
 * Bytes in use by this thread, in V8's heap and in buffers outside of it; collects garbage before, unless `afterCollection` is
 * false.
 */
export function bytesInUse(afterCollection = true): number {
  if (afterCollection) {
    if (!collect) {
      setFlagsFromString("--expose-gc");
      collect = runInNewContext("gc");
    }
    // Twice: memory outside of the heap may be released only by the second.
    collect?.();
    collect?.();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
