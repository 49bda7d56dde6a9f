import { systemClock as clock } from "../../core/platform/clock.ts";
import { listServers } from "../../loadgen/recorder/deployment-probe.ts";
import { defineBenchmark } from "../benchmark.ts";
import type { Figures, FiguresDocument } from "../document/figures-document.ts";
import { throwIfInterrupted } from "../document/interruption.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { measureFigures } from "../measurement/figures-run.ts";
import { FileExchange } from "../measurement/file-exchange.ts";
import { withLag } from "../measurement/server-lag.ts";
import { UsageWatch, type WatchedUsage } from "../measurement/usage-watch.ts";
import { option } from "../options.ts";
import { figuresOf } from "../report/figures-table.ts";

export const files = defineBenchmark({
  ...figuresOf("files"),
  name: "files",
  question: "what do uploads and downloads do to a server's event loop, its memory, its CPU?",
  description: "What uploads and downloads do to a server: its event loop, its memory, its CPU.",
  options: { size: option.positive({ help: "size of each file", placeholder: "mebibytes", default: 20 }) },
  examples: ["", "--size 20 --json files.json"],
  run: ({ size }, parts) => runFiles({ mebibytes: size, atOnce: 4, rounds: 3 }, parts),
});

interface FilesSettings {
  readonly mebibytes: number;
  readonly atOnce: number;
  readonly rounds: number;
}

/** Uploads and downloads many files at once, in rounds. */
export function runFiles({ mebibytes, atOnce, rounds }: FilesSettings, parts: BenchmarkRun<FiguresDocument<"files">>) {
  const { signal } = parts;
  const size = Math.round(mebibytes * 1024 * 1024);
  return measureFigures("files", parts, async ({ server, laboratory, keep }) => {
    const exchange = await FileExchange.open(server.target, laboratory.keyPairOf(0));
    const servers = await listServers(server.target);
    const watched = async <T>(work: () => Promise<T>) => {
      const { done: used, lagMs } = await withLag(servers, async () => {
        const watch = new UsageWatch(server, clock);
        let done: T;
        try {
          done = await work();
        } finally {
          await watch.stop();
        }
        return { done, ...(await watch.usage()) };
      });
      return { ...used, lagMs };
    };
    const sent: TransferRound[] = [];
    const fetched: TransferRound[] = [];
    const all = atOnce * mebibytes;
    const figures = () => [
      { name: "files at once", value: atOnce, unit: "" },
      { name: "size of each", value: mebibytes, unit: "MiB" },
      { name: "rounds", value: sent.length, unit: "" },
      ...transferFigures("upload", sent, all, atOnce),
      ...transferFigures("download", fetched, all, atOnce),
    ];
    try {
      // Round 0 is not counted: in it the server allocates what it needs once.
      for (let round = 0; round <= rounds; round++) {
        throwIfInterrupted(signal);
        parts.onStep?.(`round ${round} of ${rounds}: ${atOnce} files of ${mebibytes} MiB at once`);
        const up = await watched(() => Promise.all(Array.from({ length: atOnce }, () => exchange.send(size, signal))));
        const down = await watched(() => Promise.all(up.done.map((content) => exchange.fetch(content, signal))));
        if (round === 0) continue;
        sent.push(up);
        fetched.push(down);
        keep(figures());
      }
    } finally {
      await exchange.close();
    }
    return figures();
  });
}

interface TransferRound extends WatchedUsage {
  readonly lagMs: number;
}

/** The figures of rounds in each of which `atOnce` files, so many mebibytes together, went one way. */
export function transferFigures(
  way: string,
  rounds: readonly TransferRound[],
  mebibytes: number,
  atOnce: number,
): Figures {
  const seconds = rounds.reduce((sum, round) => sum + round.seconds, 0);
  const cpuSeconds = rounds.reduce((sum, round) => sum + round.cpuSeconds, 0);
  const all = mebibytes * rounds.length;
  const worst = (of: (round: TransferRound) => number) => Math.max(...rounds.map(of));
  return [
    { name: `${way}, together`, value: all / seconds, unit: "MiB/s" },
    { name: `${way}, server CPU`, value: (cpuSeconds * 1000) / all, unit: "ms/MiB" },
    { name: `${way}, server event-loop lag p99, worst round`, value: worst(({ lagMs }) => lagMs), unit: "ms" },
    {
      name: `${way}, server memory above idle for each, worst round`,
      value: worst(({ grownBytes }) => grownBytes) / atOnce / 1024 / 1024,
      unit: "MiB",
    },
  ];
}
