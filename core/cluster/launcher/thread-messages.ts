import type { MessagePort } from "node:worker_threads";
import type { DescriptorShare } from "../../platform/descriptors.ts";
import type { LogLevel } from "../../platform/log.ts";
import type { ServerId } from "../../server/bus.ts";
import type { ChatServerOptions } from "../../server/chat-server.ts";
import type { TransportName } from "../../server/transport/transport.ts";
import type { ServerLoad } from "../../wire/link-frame.ts";
import type { AssignOptions } from "../assigning/assign.ts";
import type { StrategyName } from "../assigning/strategies.ts";

/** What a server thread is started with. */
export interface ThreadStart {
  readonly id: ServerId;
  readonly options: ChatServerOptions;
  /** How clients are told to reach it; `{port}` stands for the port it gets. */
  readonly url: string;
  readonly assign: AssignOptions;
  /** What `GET /about` answers. */
  readonly about: About;
  readonly logLevel: LogLevel;
  readonly seed: number;
  readonly descriptors: DescriptorShare | undefined;
  /** Leads to the pool in the main thread. */
  readonly opaquePort: MessagePort;
  /** Set to 1 by the main thread when it hands this thread no more sockets. */
  readonly released: Int32Array;
}

/** What a deployment says of itself, for results to state. */
export interface About {
  readonly strategy: StrategyName;
  readonly transport: TransportName;
  readonly durability: { readonly postgres: string; readonly synchronousCommit: string; readonly fsync: string };
}

/** From the main thread to a server's. */
export type ThreadOrder =
  /** Another server is there; answered by `met`. */
  | { readonly kind: "peer"; readonly server: ServerId; readonly url: string; readonly port: MessagePort }
  | { readonly kind: "peerGone"; readonly server: ServerId }
  /** Take the certificate from its files again; answered by `reloaded`. */
  | { readonly kind: "reloadCertificates" }
  /** Drain, close, end. */
  | { readonly kind: "stop" }
  /** End at once, as after an uncaught error: nothing is flushed, connections break. */
  | { readonly kind: "crash" };

/** From a server's thread to the main one. */
export type ThreadReport =
  | { readonly kind: "ready"; readonly port: number; readonly descriptor: unknown }
  | { readonly kind: "met"; readonly server: ServerId }
  | { readonly kind: "reloaded"; readonly descriptor: unknown }
  | { readonly kind: "heartbeat"; readonly load: ServerLoad }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly advice: string }
  /** About to end: hand it no more sockets, then set `released`. */
  | { readonly kind: "ending" };
