import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { LoopLag } from "../platform/loop-lag.ts";
import type { CommitPath } from "../store/ingest/ingest-writer.ts";
import type { ServerContext } from "./server-context.ts";

/** What metrics read of a server. */
export interface MeteredServer extends Pick<ServerContext, "counters"> {
  readonly bus: Pick<ServerContext["bus"], "self">;
  readonly users: Pick<ServerContext["users"], "count">;
  readonly groups: Pick<ServerContext["groups"], "size">;
  readonly writer: Pick<ServerContext["writer"], "waiting" | "away">;
  readonly opaque: Pick<ServerContext["opaque"], "waiting">;
}

/**
 * The text of `/metrics`, in Prometheus' form. Counts are read from the server's counters at each request; only histograms are
 * recorded as things happen, once a batch.
 */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #batchRows: Histogram;
  readonly #commitSeconds: Histogram<"path">;

  constructor(server: MeteredServer, lag: Pick<LoopLag, "read">) {
    const registers = [this.#registry];
    this.#registry.setDefaultLabels({ server: server.bus.self });
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 10 });
    this.#batchRows = new Histogram({
      name: "fastchat_batch_rows",
      help: "Messages committed together.",
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
      registers,
    });
    this.#commitSeconds = new Histogram({
      name: "fastchat_commit_seconds",
      help: "From the start of a batch's transaction until the database has answered its commit.",
      labelNames: ["path"],
      buckets: [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
      registers,
    });

    const counters = server.counters;
    const counter = (name: string, help: string, value: () => number) => {
      const metric = new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(value());
        },
      });
      return metric;
    };
    counter("fastchat_sends_total", "SENDs taken in from clients.", () => counters.sends);
    counter("fastchat_acknowledged_total", "Messages acknowledged.", () => counters.acknowledged);
    counter(
      "fastchat_deliveries_total",
      "Messages handed to sockets: one a message and receiver.",
      () => counters.deliveries,
    );
    counter(
      "fastchat_cross_server_copies_total",
      "Messages sent on to other servers.",
      () => counters.crossServerCopies,
    );
    counter(
      "fastchat_backpressure_disconnects_total",
      "Connections cut off as they did not read.",
      () => counters.slowConsumers,
    );
    counter("fastchat_logins_total", "Sign-ups and logins.", () => counters.logins);
    counter("fastchat_resumes_total", "Sessions resumed with a token.", () => counters.resumes);
    counter("fastchat_sweep_repairs_total", "Groups in which the bus had lost something.", () => counters.sweepRepairs);
    new Counter({
      name: "fastchat_rejects_total",
      help: "Refused SENDs.",
      labelNames: ["code"],
      registers,
      collect() {
        this.reset();
        for (const [code, count] of counters.rejects) this.inc({ code }, count);
      },
    });

    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge("fastchat_process_id", "Servers with the same one share a process.", () => process.pid);
    gauge("fastchat_connections", "Logged-in connections.", () => server.users.count);
    gauge("fastchat_groups", "Groups that this server follows.", () => server.groups.size);
    gauge("fastchat_writer_waiting_rows", "Messages that wait for the batch before them.", () => server.writer.waiting);
    gauge("fastchat_database_away", "1 while the database does not answer.", () => (server.writer.away ? 1 : 0));
    new Gauge({
      name: "fastchat_opaque_waiting_steps",
      help: "Steps of logins that wait for a thread of the pool. Servers that share a process share the pool: not to be added up.",
      registers,
      async collect() {
        this.set(await server.opaque.waiting());
      },
    });
    new Gauge({
      name: "fastchat_loop_lag_seconds",
      help: "How late the event loop ran since the last time somebody asked.",
      labelNames: ["quantile"],
      registers,
      collect() {
        const { p50Ms, p99Ms, maxMs } = lag.read();
        this.set({ quantile: "0.5" }, p50Ms / 1000);
        this.set({ quantile: "0.99" }, p99Ms / 1000);
        this.set({ quantile: "1" }, maxMs / 1000);
      },
    });
  }

  committed({ rows, milliseconds, path }: { rows: number; milliseconds: number; path: CommitPath }): void {
    this.#batchRows.observe(rows);
    this.#commitSeconds.observe({ path }, milliseconds / 1000);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
