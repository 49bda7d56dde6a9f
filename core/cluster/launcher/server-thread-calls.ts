import type { MessagePort } from "node:worker_threads";
import { workerData } from "node:worker_threads";
import type { OpaqueServer } from "../../e2ee/opaque-server.ts";
import type { DescriptorShare } from "../../platform/descriptors.ts";
import type { LogLevel } from "../../platform/log.ts";
import type { ServerId } from "../../server/bus.ts";
import type { ChatServerOptions } from "../../server/chat-server.ts";
import type { ProxyOptions } from "../../server/transport/proxies.ts";
import type { TransportName } from "../../server/transport/transport.ts";
import type { ServerLoad } from "../../wire/link-frame.ts";
import type { AssignOptions } from "../assigning/assign.ts";
import type { Reach } from "../assigning/reachable-url.ts";
import type { StrategyName } from "../assigning/strategies.ts";

/** What a server thread is started with. */
export interface ThreadStart {
  readonly id: ServerId;
  readonly options: ChatServerOptions;
  /** The URL at which clients reach the server; `{port}` stands for the port that it gets. */
  readonly url: string;
  readonly reach: Omit<Reach, "proxies">;
  readonly proxies: ProxyOptions;
  readonly assign: AssignOptions;
  /** What `GET /about` answers. */
  readonly about: About;
  readonly logLevel: LogLevel;
  readonly seed: number;
  readonly descriptors: DescriptorShare | undefined;
  /** The main thread sets it to 1 once it hands this thread no more sockets. */
  readonly released: Int32Array;
}

/** In a server's thread: what the main thread started it with. */
export function threadStart(): ThreadStart {
  const start: unknown = workerData;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Cluster` alone starts the program that asks for it, with a ThreadStart
  return start as ThreadStart;
}

/** The facts about a deployment that results state. */
export interface About {
  readonly strategy: StrategyName;
  readonly transport: TransportName;
  readonly durability: { readonly postgres: string; readonly synchronousCommit: string; readonly fsync: string };
}

/** The functions of a server's thread that the main thread calls. */
export interface ServerThreadCalls {
  /** Resolves when the server listens; fails when it cannot. */
  listening(): Promise<Listening>;
  /** Another server has started, at the other end of this port. */
  meet(server: ServerId, url: string, port: MessagePort): void;
  /** Another server has ended. */
  forget(server: ServerId): void;
  /** Reads the certificate's files again; undefined when they cannot be used, and then the old certificate stays. */
  reloadCertificates(): Promise<Pick<Listening, "descriptor"> | undefined>;
  /** Drains the server, closes it, and ends the thread. */
  stop(): void;
  /** Ends the thread as an uncaught error does: nothing is flushed, connections break. */
  crash(): void;
}

export interface Listening {
  readonly port: number;
  /** The native acceptor hands sockets to the thread by this; undefined with the transport `ws`. */
  readonly descriptor: unknown;
}

/** The functions of the main thread that a server's thread calls; the steps of logins run in the main thread's pool. */
export interface MainThreadCalls extends OpaqueServer {
  heartbeat(url: string, load: ServerLoad): void;
  /** The thread is about to end: the main thread hands it no more sockets, and then sets `released`. */
  ending(): void;
}
