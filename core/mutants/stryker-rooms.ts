/** A room that is mutated as a whole, by the tests that take a moment. */
export interface StrykerRoom {
  /** Folders of the sources, and of the tests. */
  readonly folders: readonly string[];
  /** Compiled test files that are left out: they start servers, databases and terminals. */
  readonly without?: readonly string[];
}

/** The rooms whose tests are fast enough to be run for each of thousands of mutants. */
export const strykerRooms = {
  platform: { folders: ["core/platform"] },
  wire: { folders: ["core/wire"] },
  e2ee: { folders: ["core/e2ee"] },
  "client-mail": { folders: ["core/client/mail"] },
  "client-text": { folders: ["core/client/text"] },
  "gui-model": { folders: ["gui/model"] },
  "gui-layout": { folders: ["gui/layout"] },
  loadgen: {
    folders: ["loadgen"],
    without: [
      "dist/loadgen/loads-at-servers.test.js",
      "dist/loadgen/session-at-servers.test.js",
      "dist/loadgen/users/crowd-at-servers.test.js",
    ],
  },
  strategies: { folders: ["core/cluster/assigning"] },
  statistics: { folders: ["bench/statistics"] },
} as const satisfies Readonly<Record<string, StrykerRoom>>;
