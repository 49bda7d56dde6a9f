import { type ConfigOf, setting } from "../../core/platform/config.ts";
import { presetNames } from "../../loadgen/workload/workload.ts";

/** The settings of `fastchat load`. What is left out is as the preset or the file says. */
export const loadSettings = {
  target: setting.text({ default: "127.0.0.1:7400", placeholder: "host:port", help: "the deployment to put load on" }),
  tlsPin: setting.optionalText({
    placeholder: "fingerprint",
    help: "SHA-256 fingerprint of the authority that signs the deployment's certificates, as fastchat serve --tls dev prints it",
  }),
  preset: setting.choice({ default: "rooms", values: presetNames, help: "shape of the traffic" }),
  workload: setting.optionalText({ placeholder: "file", help: "a workload of your own, as JSON, instead of a preset" }),
  clients: setting.integer({ default: 0, min: 0, max: 100_000, help: "simulated users; 0 leaves it to the workload" }),
  rate: setting.number({
    default: 0,
    min: 0,
    max: 1e6,
    unit: "per second",
    help: "messages; 0 leaves it to the workload",
  }),
  duration: setting.number({
    default: 0,
    min: 0,
    max: 86_400,
    unit: "s",
    help: "measured time; 0 leaves it to the workload",
  }),
  encryption: setting.choice({
    default: "as-given",
    values: ["as-given", "real", "sealed", "none"],
    help: "seal every message, send bytes as long as sealed ones, or the text",
  }),
  threads: setting.integer({
    default: 0,
    min: 0,
    max: 16,
    help: "threads that simulate users; 0 leaves it to the workload",
  }),
  accounts: setting.optionalText({
    placeholder: "file",
    help: "log in users that fastchat db seed made, instead of signing up",
  }),
} as const;

export type LoadConfig = ConfigOf<typeof loadSettings>;
