import type { MessagePort } from "node:worker_threads";
import type { OpaqueServer } from "../../e2ee/opaque-server.ts";
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
  /** Set to 1 by the main thread when it hands this thread no more sockets. */
  readonly released: Int32Array;
}

/** What a deployment says of itself, for results to state. */
export interface About {
  readonly strategy: StrategyName;
  readonly transport: TransportName;
  readonly durability: { readonly postgres: string; readonly synchronousCommit: string; readonly fsync: string };
}

/** What a server's thread does for the main one. */
export interface ServerThreadCalls {
  /** Resolves when it listens; fails with why it cannot. */
  listening(): Promise<Listening>;
  /** Another server is there, at the other end of this port. */
  meet(server: ServerId, url: string, port: MessagePort): void;
  /** A server is there no more. */
  forget(server: ServerId): void;
  /** Takes the certificate from its files again; undefined when they cannot be read, and the old one stays. */
  reloadCertificates(): Promise<Pick<Listening, "descriptor"> | undefined>;
  /** Drains, closes, ends. */
  stop(): void;
  /** Ends at once, as after an uncaught error: nothing is flushed, connections break. */
  crash(): void;
}

export interface Listening {
  readonly port: number;
  /** What a native acceptor needs to hand it sockets; undefined where there is none. */
  readonly descriptor: unknown;
}

/** What the main thread does for a server's: logins are computed in its pool. */
export interface MainThreadCalls extends OpaqueServer {
  heartbeat(url: string, load: ServerLoad): void;
  /** The thread is about to end: hand it no more sockets, then set `released`. */
  ending(): void;
}
