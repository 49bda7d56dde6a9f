import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../platform/project-root.ts";
import { house } from "./house.ts";
import { readmesWithTables, withTable } from "./readme-tables.ts";

// `npm run rooms`: writes the READMEs' tables of rooms.
for (const readme of readmesWithTables) {
  const file = path.join(projectRoot, readme);
  writeFileSync(file, withTable(house, readme, readFileSync(file, "utf8")));
}
