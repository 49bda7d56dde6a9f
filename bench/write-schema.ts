import { writeFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../core/platform/project-root.ts";
import { resultsJsonSchema } from "./results-schema.ts";

/** `npm run schema`: writes the results' JSON Schema where others find it; a test compares it with what is written. */
const file = path.join(projectRoot, "bench/results.schema.json");
writeFileSync(file, `${JSON.stringify(resultsJsonSchema(), undefined, 2)}\n`);
