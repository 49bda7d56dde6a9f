import type { Lobby } from "./lobby.ts";
import type { TlsFiles } from "./transport.ts";

/** What stands on the port that everybody knows, in front of the servers. */
export interface Front {
  readonly port: number;
  /** A server is ready to be handed sockets. */
  add(descriptor: unknown): void;
  /** Must come before the server's thread ends: the descriptor is a pointer into it. */
  remove(descriptor: unknown): void;
  /** Takes its own certificate from its files again. */
  reloadCertificates(): void;
  close(): Promise<void>;
}

/** Where a front listens, how it is encrypted, and who waits at it. */
export interface FrontPlace {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  readonly lobby: Lobby;
}
