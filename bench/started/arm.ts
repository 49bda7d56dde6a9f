import type { ServeConfig } from "../../core/cluster/serve-settings.ts";

/** What a benchmark puts load on: FastChat, or what it is compared with. */
export type Arm =
  | { readonly kind: "fastchat"; readonly config: ServeConfig }
  /** Publishes what it gets to the group's topic, and nothing else: the least that fan-out can cost. */
  | { readonly kind: "bare"; readonly server: BareKind };

/** `ws-framed` is `ws` with messages framed once and merged for each turn, as our transport does it. */
export type BareKind = "uws" | "ws" | "ws-framed";

/** From the bench to the process that it measures. */
export type ChildOrder =
  | { readonly kind: "start"; readonly arm: Arm }
  | { readonly kind: "usage" }
  | { readonly kind: "stop" };

export type ChildReport =
  | {
      readonly kind: "ready";
      readonly port: number;
      readonly transport: "uws" | "ws";
      readonly durability:
        | { readonly postgres: string; readonly synchronousCommit: string; readonly fsync: string }
        | undefined;
    }
  | { readonly kind: "usage"; readonly cpuSeconds: number; readonly residentBytes: number }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly advice: string };
