import type { RunDocument } from "../document/document.ts";
import type { Figures, FiguresDocument } from "../document/figures-document.ts";
import type { Watch } from "../document/watch.ts";
import {
  type Laboratory,
  type LaboratoryConfig,
  type LaboratoryOptions,
  openLaboratory,
} from "../started/laboratory.ts";
import { ServerProcess } from "../started/server-process.ts";

/** What a run of one server is given, and whom it tells. */
export interface FiguresRun<Document extends RunDocument> extends Watch<Document>, LaboratoryOptions {
  readonly signal: AbortSignal;
}

export interface FiguresBench {
  readonly server: ServerProcess;
  readonly laboratory: Laboratory;
  readonly config: LaboratoryConfig;
  /** All figures that there are so far. */
  keep(figures: Figures): void;
}

/** Starts a server, lets `work` measure it, and puts the figures into a document. */
export async function measureFigures<Name extends string>(
  benchmark: Name,
  by: FiguresRun<FiguresDocument<Name>>,
  work: (bench: FiguresBench) => Promise<Figures>,
): Promise<FiguresDocument<Name>> {
  const startedAt = new Date().toISOString();
  const laboratory = await openLaboratory(by, 2);
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
      const keep = (figures: Figures) => by.onMeasured?.(document(figures));
      return document(await work({ server, laboratory, config, keep }));
    } finally {
      await server.stop();
    }
  } finally {
    await laboratory.close();
  }
}
