import { z } from "zod";
import type { Deployment } from "../cluster/deployment.ts";
import { socketUrl } from "../cluster/launcher/cluster.ts";
import { present } from "./present.ts";

/** The own port of one of a deployment's servers. */
export function serverPort({ cluster }: Pick<Deployment, "cluster">, server = 0): number {
  return present(cluster.serverPorts[server], `server ${server} of ${cluster.serverPorts.length}`);
}

/** Where a client connects to one of a deployment's servers, without asking which one to take. */
export function serverUrl(deployment: Pick<Deployment, "cluster">, server = 0): string {
  return socketUrl("127.0.0.1", serverPort(deployment, server));
}

const serverList = z.array(z.object({ url: z.string() }));

/** The servers that a deployment at `host:port` lists. */
export async function serversAt(target: string): Promise<readonly { readonly url: string }[]> {
  const response = await fetch(`http://${target}/servers`);
  return serverList.parse(await response.json());
}
