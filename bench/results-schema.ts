import { z } from "zod";
import { benchmarks } from "./benchmarks.ts";
import { loadKind } from "./load/load.ts";

/** The documents of all benchmarks and of `fastchat load`. */
export const resultsSchema = z.union([loadKind.schema, ...benchmarks.map(({ schema }) => schema)]);

/** `results.schema.json`: the same for other programs. */
export function resultsJsonSchema(): unknown {
  return z.toJSONSchema(resultsSchema, { target: "draft-2020-12", io: "output" });
}
