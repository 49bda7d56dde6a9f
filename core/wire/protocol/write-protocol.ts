import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../platform/project-root.ts";
import { framesCddl } from "./cddl.ts";
import { withFrameTables } from "./frame-tables.ts";

// `npm run protocol`: writes PROTOCOL.md's tables of frames, and frames.cddl.
const wire = path.join(projectRoot, "core/wire");
const document = path.join(wire, "PROTOCOL.md");
writeFileSync(document, withFrameTables(readFileSync(document, "utf8")));
writeFileSync(path.join(wire, "frames.cddl"), framesCddl());
