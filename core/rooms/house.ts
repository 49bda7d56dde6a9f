import { benchRooms } from "./house/bench-rooms.ts";
import { coreRooms } from "./house/core-rooms.ts";
import { guiRooms } from "./house/gui-rooms.ts";
import { loadgenRooms } from "./house/loadgen-rooms.ts";
import { clockReaders, computedImports, libraries } from "./libraries.ts";
import type { House, Room } from "./room.ts";

/**
 * Who may import whom. A file belongs to the innermost room that it is in, and may import its own room and what stands in that
 * room's line. Tests (`*.test.ts`, `*.fuzz.ts`), rooms that are for tests and every folder `testing` may import everything, and
 * nothing else may import them.
 */
const rooms: readonly Room[] = [
  ...coreRooms,
  ...guiRooms,
  ...loadgenRooms,
  ...benchRooms,
  {
    path: "bin",
    holds: "the command line",
    imports: [
      "core/platform",
      "core/wire",
      "core/store",
      "core/cluster",
      "core/client",
      "core/conform",
      "gui",
      "loadgen",
      "bench",
    ],
  },
];

/** The table that every import is checked against. */
export const house: House = {
  rooms,
  libraries,
  clockReaders,
  computedImports,
};
