import { writeFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../core/platform/project-root.ts";
import { writeReadmeTable } from "./readme-table.ts";
import { resultsJsonSchema } from "./results-schema.ts";

/** `npm run schema`: writes what follows from the list of benchmarks and is read elsewhere; tests hold it to the list. */
const file = path.join(projectRoot, "bench/results.schema.json");
writeFileSync(file, `${JSON.stringify(resultsJsonSchema(), undefined, 2)}\n`);
writeReadmeTable();
