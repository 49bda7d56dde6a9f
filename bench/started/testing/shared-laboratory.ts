import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Log } from "../../../core/platform/log.ts";
import { sharedServerUrl } from "../../../core/testing/database.ts";
import { keyPair } from "../../../core/testing/key-pairs.ts";
import { Laboratory } from "../laboratory.ts";

/** A laboratory on the test run's PostgreSQL and key pairs: a tested benchmark creates its databases there. */
export async function sharedLaboratory(log: Log, keyPairs: number): Promise<Laboratory> {
  const server = await sharedServerUrl();
  const directory = mkdtempSync(path.join(tmpdir(), "test-laboratory-"));
  return new Laboratory({
    postgres: {
      url: (database) => server.replace(/\/[^/?]*(\?|$)/, `/${database ?? "postgres"}$1`),
      // Unknown, since the database's CPU time includes that of other tests.
      pid: undefined,
      stop: async () => rmSync(directory, { recursive: true, force: true }),
    },
    directory,
    log,
    keyPairs: await Promise.all(Array.from({ length: keyPairs }, (_, number) => keyPair(number))),
    loadAverage: 0,
  });
}
