import { accepted, refused } from "../platform/result.ts";
import type { FuzzTarget } from "./target.ts";

/** Parsers that misbehave as soon as they read a certain word, for the test that the watching thread notices. */
function misbehaving(name: string, misbehave: () => void): FuzzTarget {
  return {
    name,
    bytesMax: 1000,
    words: ["boom"],
    seeds: () => [Buffer.from("good"), Buffer.from("bad")],
    async run(bytes) {
      const text = Buffer.from(bytes).toString("latin1");
      if (text.includes("boom")) {
        misbehave();
        await new Promise((resolve) => setImmediate(resolve));
      }
      return text.startsWith("good") ? accepted("good") : refused("not good");
    },
  };
}

const hoard: unknown[] = [];
/** Slows the hoarding down, so that the watching thread looks before the machine has no memory left. */
const pause = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);

export const targets: readonly FuzzTarget[] = [
  misbehaving("hangs", () => {
    for (let on = true; on; ) on = hoard.length === 0;
  }),
  misbehaving("hoards buffers", () => {
    for (; ; pause()) hoard.push(Buffer.alloc(1024 ** 2, 1));
  }),
  misbehaving("hoards objects", () => {
    for (;;) hoard.push({ hoard: [hoard.length] });
  }),
  misbehaving("throws later", () => void Promise.reject(new Error("nobody catches this"))),
];
