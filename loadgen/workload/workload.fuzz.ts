import assert from "node:assert/strict";
import type { FuzzTarget } from "../../core/fuzz/target.ts";
import { accepted, type Parsed, refused } from "../../core/platform/result.ts";
import { parseMetrics, parseServerList } from "../recorder/deployment-probe.ts";
import { parseWorkload, presets } from "./workload.ts";

function jsonOf(bytes: Uint8Array): Parsed<unknown> {
  try {
    return accepted(JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    return refused("no JSON");
  }
}

const jsonWords = [
  '"kind":',
  '"__proto__":',
  "null",
  "[",
  "{",
  "}",
  "-1",
  "0",
  "1e999",
  '""',
  "true",
  "0.5",
  "1000001",
];
const metrics = [
  "# HELP fastchat_connections Sockets",
  "fastchat_connections 12",
  'fastchat_loop_lag_seconds{quantile="0.99"} 0.0021',
  "process_cpu_seconds_total 1.5e3",
  "",
].join("\n");

export const targets: readonly FuzzTarget[] = [
  {
    name: "workloads",
    heapBytesPerByteMax: 1000,
    bytesMax: 64 * 1024,
    words: [...jsonWords, '"fixed"', '"zipf"', '"uniform"', '"poisson"', '"saturate"', '"sealed"', '"churn":{}'],
    seeds: () => Object.values(presets).map((preset) => Buffer.from(JSON.stringify(preset))),
    run(bytes) {
      const json = jsonOf(bytes);
      if (!json.ok) return json;
      const workload = parseWorkload(json.value);
      if (!workload.ok) return workload;
      assert.deepEqual(
        parseWorkload(workload.value),
        workload,
        "a workload with its defaults written out is another one",
      );
      return accepted("a workload");
    },
    growth: {
      "many groups, none good": (bytes) =>
        Buffer.from(JSON.stringify({ ...presets.dm, groups: Array.from({ length: bytes / 3 }, () => ({})) })),
      "many groups": (bytes) =>
        Buffer.from(
          JSON.stringify({ ...presets.dm, groups: Array.from({ length: bytes / 48 }, () => presets.dm.groups[0]) }),
        ),
    },
  },
  {
    name: "server-lists",
    bytesMax: 64 * 1024,
    words: [...jsonWords, '"server":', '"url":', "http:", "://", "@", "[::1]"],
    seeds: () => [Buffer.from(JSON.stringify([{ server: "s1", url: "ws://127.0.0.1:7401/v1" }])), Buffer.from("[]")],
    run(bytes) {
      const list = parseServerList(Buffer.from(bytes).toString(), new URL("http://chat.example/"));
      return list.ok ? accepted("servers") : list;
    },
    growth: {
      "many servers": (bytes) =>
        Buffer.from(JSON.stringify(Array.from({ length: bytes / 32 }, (_, i) => ({ server: `s${i}`, url: "ws://x" })))),
    },
  },
  {
    name: "metrics",
    bytesMax: 256 * 1024,
    words: ["\n", "{", "}", 'quantile="', '"', " ", "NaN", "+Inf", "# TYPE"],
    seeds: () => [Buffer.from(metrics)],
    run(bytes) {
      const values = parseMetrics(Buffer.from(bytes).toString());
      return values.size > 0 ? accepted("values") : refused("none");
    },
    growth: {
      "many lines": (bytes) => Buffer.alloc(bytes, "a 1\n"),
      "many braces": (bytes) => Buffer.alloc(bytes, 'a{quantile="'),
      "a long name": (bytes) => Buffer.alloc(bytes, "a"),
    },
  },
];
