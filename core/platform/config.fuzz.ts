import type { FuzzTarget } from "../fuzz/target.ts";
import { readConfig, setting } from "./config.ts";
import { accepted, type Result, refused } from "./result.ts";

const settings = {
  port: setting.integer({ default: 7400, min: 0, max: 65_000, help: "" }),
  share: setting.number({ default: 0.5, min: 0, max: 1, help: "" }),
  strategy: setting.choice({ default: "random", values: ["random", "round-robin"], help: "" }),
  host: setting.text({ default: "127.0.0.1", placeholder: "address", help: "" }),
  database: setting.optionalText({ placeholder: "url", help: "" }),
  insecure: setting.switch({ help: "" }),
};

const good = { port: 7401, share: 0.25, strategy: "round-robin", host: "::", database: "postgres://x", insecure: true };

const verdict = (config: Result<object, readonly string[]>) =>
  config.ok ? accepted("settings") : refused(config.reason.join("\n").slice(0, 300));

export const targets: readonly FuzzTarget[] = [
  {
    name: "settings-files",
    heapBytesPerByteMax: 1000,
    bytesMax: 64 * 1024,
    words: ['"port":', '"__proto__":', "null", "[", "{", "}", "-0", "1e999", '""', "true", '"7400"', "0.5", '"0x10"'],
    seeds: () => [good, {}, { prot: 1 }, { port: "1" }].map((file) => Buffer.from(JSON.stringify(file))),
    run(bytes) {
      let file: unknown;
      try {
        file = JSON.parse(Buffer.from(bytes).toString());
      } catch {
        return refused("no JSON");
      }
      return verdict(readConfig(settings, { flags: {}, environment: {}, file }));
    },
    growth: {
      "a deep value": (bytes) => Buffer.from(`{"port":${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}}`),
      "a long key": (bytes) => Buffer.from(JSON.stringify({ ["a".repeat(bytes)]: 1 })),
      "many keys": (bytes) =>
        Buffer.from(JSON.stringify(Object.fromEntries(Array.from({ length: bytes / 10 }, (_, i) => [`k${i}`, 1])))),
    },
  },
  {
    // A variable a line.
    name: "settings-variables",
    bytesMax: 16 * 1024,
    words: ["FASTCHAT_", "PORT=", "SHARE=", "\n", "=", "1e3", "0x10", " ", "Infinity", "-0", "true"],
    seeds: () => [
      Buffer.from("FASTCHAT_PORT=7401\nFASTCHAT_SHARE=0.5\nFASTCHAT_INSECURE=1\nPATH=/bin"),
      Buffer.from("FASTCHAT_PROT=7401\nFASTCHAT_STRATEGY=random"),
    ],
    run(bytes) {
      const lines = Buffer.from(bytes).toString().split("\n");
      const environment = Object.fromEntries(
        lines.map((line) => {
          const [name = "", value] = line.split("=", 2);
          return [name, value] as const;
        }),
      );
      return verdict(readConfig(settings, { flags: {}, environment }));
    },
  },
];
