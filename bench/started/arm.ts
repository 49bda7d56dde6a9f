import type { ServeConfig } from "../../core/cluster/serve-settings.ts";

/** What a benchmark puts load on: FastChat, or what it is compared with. */
export type Arm =
  | { readonly kind: "fastchat"; readonly config: ServeConfig }
  /** Publishes what it gets to the group's topic, and nothing else: the least that fan-out can cost. */
  | { readonly kind: "bare"; readonly server: BareKind };

/** `ws-framed` is `ws` with messages framed once and merged for each turn, as our transport does it. */
export type BareKind = "uws" | "ws" | "ws-framed";

/** What the process that is measured does for the bench. */
export interface ServerChildCalls {
  start(arm: Arm): Promise<ReadyServer>;
  usage(): ProcessUsage;
  /** Ends it. */
  stop(): void;
}

export interface ReadyServer {
  readonly port: number;
  readonly transport: "uws" | "ws";
  readonly durability:
    | { readonly postgres: string; readonly synchronousCommit: string; readonly fsync: string }
    | undefined;
}

export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}
