import { type DescriptorShare, descriptorShare } from "../platform/descriptors.ts";
import { Failure } from "../platform/failure.ts";
import { overdraft, visitorsKept } from "../server/transport/lobby.ts";

/** What a process has open for itself: its loop, log, libraries and pipes. */
const processDescriptors = 32;
const poolThreadDescriptors = 8;
/** A server's thread with its loop and listener, and the database connection that it commits over. */
const serverDescriptors = 12;
/** What is open for a moment: a certificate that is read again, a file. */
const spareDescriptors = 16;
/**
 * WebSockets get this part of the descriptors that sockets may take; the rest is for HTTP: uploads, downloads, health checks.
 */
const webSocketPart = 7 / 8;
/** A deployment whose servers cannot hold so many connections each is refused. */
const connectionsMin = 8;

export interface SocketPlan {
  /** What the sockets of all servers share; undefined where the system shows no bound. */
  readonly descriptors: DescriptorShare | undefined;
  /** WebSockets of one server: as many as the settings say, or as its share of the descriptors allows. */
  readonly connectionsMax: number;
  /** Why that is not what the settings say, for the person who started the servers; undefined when it is. */
  readonly notice: string | undefined;
}

/** Shares out the descriptors that this process may have open; a `Failure` when they are too few. */
export function planSockets(of: {
  /** How many descriptors the process may have open; undefined where that is not known. */
  readonly descriptorsMax: number | undefined;
  readonly servers: number;
  readonly poolThreads: number;
  readonly databaseConnectionsMax: number;
  readonly connectionsMax: number;
}): SocketPlan {
  const { descriptorsMax, servers, connectionsMax } = of;
  if (descriptorsMax === undefined) {
    const notice = "this system does not show how many sockets a process may open: --connections-max alone bounds them";
    return { descriptors: undefined, connectionsMax, notice };
  }
  const own =
    processDescriptors +
    poolThreadDescriptors * of.poolThreads +
    servers * (serverDescriptors + of.databaseConnectionsMax);
  // Database connections are opened when they are needed, which may be when all other descriptors are taken.
  const keptBack = spareDescriptors + overdraft + servers * (of.databaseConnectionsMax + visitorsKept);
  const reachable = Math.floor(((descriptorsMax - own - keptBack) * webSocketPart) / servers);
  const needed = (each: number) => own + keptBack + Math.ceil((each * servers) / webSocketPart);
  if (reachable < connectionsMin) {
    throw new Failure(
      "descriptors_too_few",
      `this process may have ${descriptorsMax} files and sockets open, too few for ${servers} ${servers === 1 ? "server" : "servers"}`,
      `raise the limit to ${needed(connectionsMin)} or more (ulimit -n; LimitNOFILE= under systemd), or start fewer servers`,
    );
  }
  const descriptors = descriptorShare(descriptorsMax, keptBack);
  if (connectionsMax <= reachable) return { descriptors, connectionsMax, notice: undefined };
  const notice =
    `a server takes ${reachable} connections, not ${connectionsMax}: this process may have ${descriptorsMax} files and ` +
    `sockets open; raise that limit to ${needed(connectionsMax)} (ulimit -n; LimitNOFILE= under systemd), ` +
    `or set --connections-max ${reachable}`;
  return { descriptors, connectionsMax: reachable, notice };
}
