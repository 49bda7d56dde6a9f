import type { Lobby } from "./lobby.ts";
import type { Proxies } from "./proxies.ts";
import type { TlsFiles } from "./transport.ts";

/** The front door of the servers: it listens on the port that everybody knows. */
export interface Front {
  readonly port: number;
  /** From now on sockets are handed to the server with this descriptor, too. */
  add(descriptor: unknown): void;
  /** No more sockets are handed to this server. To be called before its thread ends: the descriptor is a pointer into it. */
  remove(descriptor: unknown): void;
  /** Reads its own certificate's files again. */
  reloadCertificates(): void;
  close(): Promise<void>;
}

/** Where a front listens, how it is encrypted, and the lobby of its connections. */
export interface FrontPlace {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  readonly lobby: Lobby;
  readonly proxies: Proxies;
}
