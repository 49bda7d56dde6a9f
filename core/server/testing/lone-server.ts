import { after } from "node:test";
import { createOpaqueSecret, opaqueServer } from "../../e2ee/opaque-server.ts";
import { silentLog } from "../../platform/log.ts";
import { seededRandom } from "../../platform/random.ts";
import { ChatServer, type ChatServerOptions, type ChatServerParts } from "../chat-server.ts";
import { SessionTokens } from "../sessions/tokens.ts";
import { availableTransport } from "../transport/open-transport.ts";
import { Proxies } from "../transport/proxies.ts";
import { busyOpaque, deafBus } from "./doubles.ts";

const servers: ChatServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
});

const tokenSecret = new Uint8Array(32);
const tokenLifetimeMs = 1e9;

/** What makes the tokens of a server's sessions: a test can resume them without a login. */
export const loneTokens = new SessionTokens(tokenSecret, tokenLifetimeMs);

/** The crypto of logins, in the test's own thread. Servers that share it share their users' logins. */
export const ownOpaque = async () => opaqueServer(await createOpaqueSecret());

/** A server over real sockets, by itself: its bus brings nothing. It ends with the test file, if not before. */
export async function loneServer(
  databaseUrl: string,
  { clock, ...parts }: Partial<ChatServerParts> & Pick<ChatServerParts, "clock">,
  options: Partial<ChatServerOptions> = {},
): Promise<ChatServer> {
  const server = await ChatServer.start(
    {
      transport: availableTransport("uws"),
      tls: undefined,
      host: "127.0.0.1",
      port: 0,
      databaseUrl,
      databaseConnectionsMax: 2,
      tokenSecret,
      tokenLifetimeMs,
      limits: { connectionsMax: 10, sends: { burst: 1e6, perSecond: 1e6 }, logins: { burst: 10, perSecond: 1 } },
      backpressureBytesMax: 1024 * 1024,
      idleSecondsMax: 60,
      ingest: { rowsMax: 1000, bytesMax: 1024 * 1024, statementRowsMax: 100, commitSpacingMs: 0 },
      attachments: { bytesMax: 1024, quotaBytes: 1024 },
      expiryPeriodMs: 60_000,
      ...options,
    },
    {
      ...{ bus: deafBus("s0"), opaque: busyOpaque, clock, random: seededRandom(1), log: silentLog },
      proxies: new Proxies({}),
      ...parts,
    },
  );
  servers.push(server);
  return server;
}
