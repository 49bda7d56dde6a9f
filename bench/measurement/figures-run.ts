import type { Figures, FiguresDocument } from "../document/figures-document.ts";
import { type Laboratory, type LaboratoryConfig, openLaboratory } from "../started/laboratory.ts";
import { ServerProcess } from "../started/server-process.ts";
import type { BenchmarkRun } from "./benchmark-run.ts";

export interface FiguresBench {
  readonly server: ServerProcess;
  readonly laboratory: Laboratory;
  readonly config: LaboratoryConfig;
  /** Reports all figures that were measured so far. */
  keep(figures: Figures): void;
}

/** Starts a server, lets `work` measure it, and answers the document with its figures. */
export async function measureFigures<Name extends string>(
  benchmark: Name,
  parts: BenchmarkRun<FiguresDocument<Name>>,
  work: (bench: FiguresBench) => Promise<Figures>,
): Promise<FiguresDocument<Name>> {
  const startedAt = new Date().toISOString();
  const laboratory = await openLaboratory(parts, 2);
  try {
    const config = await laboratory.serveConfig({});
    const server = await ServerProcess.start({ kind: "fastchat", config });
    try {
      const environment = laboratory.environment(server.ready.durability);
      const document = (figures: Figures): FiguresDocument<Name> => ({
        schemaVersion: 1,
        benchmark,
        startedAt,
        environment,
        figures,
      });
      const keep = (figures: Figures) => parts.onMeasured?.(document(figures));
      return document(await work({ server, laboratory, config, keep }));
    } finally {
      await server.stop();
    }
  } finally {
    await laboratory.close();
  }
}
