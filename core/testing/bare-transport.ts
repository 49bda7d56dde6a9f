import { after } from "node:test";
import { type Clock, systemClock } from "../platform/clock.ts";
import type { DescriptorBudget } from "../platform/descriptors.ts";
import { type Log, silentLog } from "../platform/log.ts";
import { seededRandom } from "../platform/random.ts";
import { Lobby } from "../server/transport/lobby.ts";
import { openTransport } from "../server/transport/open-transport.ts";
import { Proxies, type ProxyOptions } from "../server/transport/proxies.ts";
import type {
  ClosedBecause,
  Connection,
  HttpRequest,
  Transport,
  TransportName,
} from "../server/transport/transport.ts";

const open: Transport[] = [];
after(() => Promise.all(open.map((transport) => transport.close())));

/** A transport without a chat server behind it: it keeps frames and requests, and the test answers them. */
export interface BareTransport {
  readonly transport: Transport;
  readonly port: number;
  readonly lobby: Lobby;
  /** All connections, those that have ended included, in the order in which they were opened. */
  readonly connections: readonly Connection[];
  readonly received: readonly Buffer[];
  readonly closed: readonly ClosedBecause[];
  /** `METHOD path?query` of each request that reached the routes. */
  readonly requests: readonly string[];
}

export async function bareTransport(
  name: TransportName,
  of: {
    requested?(request: HttpRequest): void;
    received?(connection: Connection, frame: Uint8Array): void;
    budget?: DescriptorBudget;
    log?: Log;
    backpressureBytesMax?: number;
    idleSecondsMax?: number;
    clock?: Clock;
    proxies?: ProxyOptions;
  } = {},
): Promise<BareTransport> {
  const connections: Connection[] = [];
  const received: Buffer[] = [];
  const closed: ClosedBecause[] = [];
  const requests: string[] = [];
  const lobby = new Lobby({ budget: of.budget, clock: systemClock, log: of.log ?? silentLog });
  const transport = openTransport<Connection>(
    name,
    {
      opened(connection) {
        connections.push(connection);
        return connection;
      },
      admitted() {},
      received(connection, frame) {
        received.push(Buffer.from(frame));
        of.received?.(connection, frame);
      },
      closed: (_, why) => void closed.push(why),
      requested(request) {
        requests.push(
          `${request.method} ${request.path}${request.query.size > 0 ? `?${request.query.toString()}` : ""}`,
        );
        if (of.requested) of.requested(request);
        else request.respond(200, { "content-type": "text/plain" }, "ok\n");
      },
    },
    {
      messageBytesMax: 100_000,
      backpressureBytesMax: of.backpressureBytesMax ?? 1024 * 1024,
      idleSecondsMax: of.idleSecondsMax ?? 60,
      clock: of.clock ?? systemClock,
      random: seededRandom(1),
      proxies: new Proxies(of.proxies ?? {}),
      lobby,
    },
  );
  open.push(transport);
  const port = await transport.listen("127.0.0.1", 0);
  return { transport, port, lobby, connections, received, closed, requests };
}
