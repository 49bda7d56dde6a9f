import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/** Bytes in use by this thread, in V8's heap and in buffers outside of it; after a garbage collection if one is wanted. */
export function bytesInUse(afterCollection = true): number {
  if (afterCollection) {
    if (!collect) {
      setFlagsFromString("--expose-gc");
      collect = runInNewContext("gc") as () => void;
    }
    // Twice: what the first has found to be free, the second has let go of.
    collect();
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
