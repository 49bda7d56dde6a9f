import type { Database, DatabaseAccess, Query } from "../store/database.ts";
import type { HeldSteps } from "./held-steps.ts";

/**
 * A real database whose every answer takes its time: a query waits for its turn, and its answer for another. A transaction
 * happens as one step; `committed` runs in it, too.
 */
export function heldDatabase(
  database: Database,
  steps: HeldSteps,
  committed: () => Promise<void> = async () => {},
): DatabaseAccess {
  const inTurn = <T>(work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      steps.hold(async () => {
        const answer = await work().then(
          (value) => () => resolve(value),
          (cause: unknown) => () => reject(cause),
        );
        steps.hold(answer);
      });
    });
  return {
    query: <T extends object>(query: Query) => inTurn(() => database.query<T>(query)),
    transaction: (work) =>
      inTurn(async () => {
        const done = await database.transaction(work);
        await committed();
        return done;
      }),
    copy: (stream, pieces) => inTurn(() => database.copy(stream, pieces)),
    copyOut: (query) => inTurn(() => database.copyOut(query)),
  };
}
