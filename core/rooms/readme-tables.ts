import { existsSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../platform/project-root.ts";
import { type WrittenSection, withSection } from "../platform/written-section.ts";
import type { House, Room } from "./room.ts";

/** The READMEs that have a table of the rooms in their folder. */
export const readmesWithTables = [
  "core/README.md",
  "core/client/README.md",
  "core/cluster/README.md",
  "core/server/README.md",
  "bench/README.md",
  "gui/README.md",
  "loadgen/README.md",
] as const;

const section: WrittenSection = {
  begin: "<!-- rooms: written by `npm run rooms` from core/rooms/house.ts -->",
  end: "<!-- end of rooms -->",
};

/** The README with its table as the rooms are now. */
export function withTable(house: House, readme: string, text: string): string {
  return withSection(readme, text, section, table(house, path.posix.dirname(readme)));
}

function table({ rooms }: House, folder: string): string {
  const rows = rooms
    .filter((room) => path.posix.dirname(room.path) === folder)
    .map((room) => `| ${linked(folder, room)} | ${room.holds} | ${mayImport(rooms, folder, room)} |\n`);
  return `| room | what it is for | may import |\n|---|---|---|\n${rows.join("")}`;
}

function linked(folder: string, { path: room }: Room): string {
  const name = path.posix.relative(folder, room);
  if (name.endsWith(".ts")) return `\`${name}\``;
  return existsSync(path.join(projectRoot, room, "README.md")) ? `[${name}](${name}/README.md)` : name;
}

/** What a room may import, the rooms in it included. */
function mayImport(rooms: readonly Room[], folder: string, room: Room): string {
  if (room.forTests) return "everything; imported by tests only";
  const isInside = (target: string) => target === room.path || target.startsWith(`${room.path}/`);
  const targets = new Set(rooms.filter(({ path: inner }) => isInside(inner)).flatMap(({ imports }) => imports));
  const isCovered = (target: string) => [...targets].some((other) => target.startsWith(`${other}/`));
  const short = (target: string) =>
    (target.startsWith(`${folder}/`) ? path.posix.relative(folder, target) : target).replace(/^core\//, "");
  const others = [...targets].filter((target) => !isInside(target) && !isCovered(target)).map(short);
  return others.map((target) => (target.endsWith(".ts") ? `\`${target}\`` : target)).join(", ") || "–";
}
