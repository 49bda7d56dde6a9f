import { z } from "zod";
import { deploymentUrl, httpAsk, type TlsTrust } from "../../core/client/index.ts";
import { type Clock, sleep, systemClock } from "../../core/platform/clock.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import { accepted, type Parsed, refused } from "../../core/platform/result.ts";
import { complaintOf, shortened } from "../../core/platform/schema-complaint.ts";

/** The figures of a deployment's servers so far, as their `/metrics` state them. */
export interface DeploymentReading {
  /** Ordered by name. */
  readonly servers: readonly ServerReading[];
}

export interface ServerReading {
  readonly server: string;
  /** The process that it runs in. */
  readonly process: string;
  /** CPU seconds of that process since this server started, so that only differences mean something. */
  readonly cpuSeconds: number;
  readonly connections: number;
  readonly acknowledged: number;
  readonly deliveries: number;
  readonly crossServerCopies: number;
  readonly slowConsumers: number;
  /** The 99th percentile since the reading before this one. */
  readonly loopLagP99Ms: number;
  /** Memory of its process, which other servers may share. */
  readonly residentBytes: number;
}

const serverList = z.array(z.object({ server: z.string(), url: z.string(), relative: z.string().optional() }));
const askMsMax = 10_000;
const answerBytesMax = 4 * 1024 * 1024;

/** The HTTP addresses of a deployment's servers, by name. */
export async function listServers(target: string, tls?: TlsTrust): Promise<ReadonlyMap<string, URL>> {
  const base = deploymentUrl(target);
  const listed = parseServerList(await get(new URL("servers", base), tls), base);
  if (listed.ok) return listed.value;
  throw new Failure(
    "target_not_fastchat",
    `${base.href}servers lists no servers: ${listed.reason}`,
    "is it a FastChat?",
  );
}

/** Like {@link listServers}, but waits until `count` are listed: a server whose heartbeats came too late is listed again. */
export async function listAllServers(
  target: string,
  {
    tls,
    count,
    signal,
    clock = systemClock,
  }: { tls?: TlsTrust | undefined; count: number; signal?: AbortSignal | undefined; clock?: Clock },
): Promise<ReadonlyMap<string, URL>> {
  const deadline = clock.monotonic() + listMsMax;
  for (;;) {
    const servers = await listServers(target, tls);
    if (servers.size === count || signal?.aborted) return servers;
    if (clock.monotonic() > deadline) {
      const what = `${target} lists ${servers.size} of ${count} servers`;
      throw new Failure("servers_missing", what, "look at the servers' log; lower the load if they were busy");
    }
    await sleep(clock, listPeriodMs, signal);
  }
}

const listPeriodMs = 100;
const listMsMax = 15_000;

/** Parses the answer of `/servers`: HTTP addresses by name. */
export function parseServerList(text: string, base: URL): Parsed<ReadonlyMap<string, URL>> {
  try {
    const listed = serverList.safeParse(JSON.parse(text));
    if (!listed.success) return refused(complaintOf(listed.error));
    return accepted(
      new Map(
        listed.data.map(({ server, url, relative = url }) => [server, deploymentUrl(new URL(relative, base).href)]),
      ),
    );
  } catch (cause) {
    return refused(shortened(messageOf(cause)));
  }
}

export async function readDeployment(servers: ReadonlyMap<string, URL>, tls?: TlsTrust): Promise<DeploymentReading> {
  const readings = await Promise.all(
    [...servers].map(async ([server, url]) =>
      serverReading(server, url.hostname, await get(new URL("metrics", url), tls)),
    ),
  );
  return { servers: readings.sort((a, b) => (a.server < b.server ? -1 : 1)) };
}

/** What the text of a server's `/metrics` states; 0 for figures that it does not have. */
export function serverReading(server: string, host: string, text: string): ServerReading {
  const metrics = parseMetrics(text);
  const value = (name: string) => metrics.get(name) ?? 0;
  return {
    server,
    process: `${host} ${value("fastchat_process_id")}`,
    cpuSeconds: value("process_cpu_seconds_total"),
    connections: value("fastchat_connections"),
    acknowledged: value("fastchat_acknowledged_total"),
    deliveries: value("fastchat_deliveries_total"),
    crossServerCopies: value("fastchat_cross_server_copies_total"),
    slowConsumers: value("fastchat_backpressure_disconnects_total"),
    loopLagP99Ms: value("fastchat_loop_lag_seconds 0.99") * 1000,
    residentBytes: value("process_resident_memory_bytes"),
  };
}

/** CPU seconds of all processes between two readings. Each process counts once, by its first server that is in both. */
export function cpuSecondsBetween(before: DeploymentReading, after: DeploymentReading): number {
  const counted = new Set<string>();
  let seconds = 0;
  for (const { server, process, cpuSeconds } of after.servers) {
    const then = before.servers.find((of) => of.server === server && of.process === process);
    if (counted.has(process) || !then) continue;
    counted.add(process);
    seconds += cpuSeconds - then.cpuSeconds;
  }
  return seconds;
}

async function get(url: URL, tls: TlsTrust | undefined): Promise<string> {
  try {
    const { status, body } = await httpAsk(url, answerBytesMax, { tls, idleMsMax: askMsMax });
    if (status !== 200) throw new Error(`it answers ${status}: ${body.toString().trim()}`);
    return body.toString();
  } catch (cause) {
    throw new Failure(
      "target_unreachable",
      `${url.href}: ${messageOf(cause)}`,
      "start servers with fastchat serve, or correct --target (and --tls-pin)",
      cause,
    );
  }
}

/** The values of a `/metrics` text, by name, or by name and quantile where there is one. Other labels are ignored. */
export function parseMetrics(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = /^(\w+)(?:\{([^}]*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const quantile = /quantile="([^"]*)"/.exec(labels)?.[1];
    values.set(quantile === undefined ? name : `${name} ${quantile}`, Number(value));
  }
  return values;
}
