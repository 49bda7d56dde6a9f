import type { ServeConfig } from "../../core/cluster/serve-settings.ts";

/** What a benchmark puts load on: FastChat, or what it is compared with. */
export type Arm =
  | { readonly kind: "fastchat"; readonly config: ServeConfig }
  /** A server that only publishes each message to its group's topic: the least that fan-out can cost. */
  | { readonly kind: "bare"; readonly server: BareKind };

/** `ws-framed` is `ws` with each message framed once and the writes of a turn merged, as FastChat's transport does. */
export type BareKind = "uws" | "ws" | "ws-framed";

/** The calls that the process under test answers. */
export interface ServerChildCalls {
  start(arm: Arm): Promise<ReadyServer>;
  usage(): ProcessUsage;
  /** Ends the process. */
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
