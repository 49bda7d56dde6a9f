import type { Database, DatabaseAccess, Query } from "../../store/database.ts";
import type { HeldSteps } from "./held-steps.ts";

export interface HeldDatabaseParts {
  /** Called after each commit, within the same step. */
  readonly committed?: () => Promise<void>;
  /** Whether the database refuses connections now. */
  readonly isAway?: () => boolean;
}

/**
 * A real database with held steps: each query waits for one step, and its result for another. A transaction is one step.
 */
export function heldDatabase(
  database: Database,
  steps: HeldSteps,
  { committed = async () => {}, isAway = () => false }: HeldDatabaseParts = {},
): DatabaseAccess {
  const inTurn = <T>(work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      steps.hold(async () => {
        const asked = isAway() ? Promise.reject(refusedConnection()) : work();
        const answer = await asked.then(
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

const refusedConnection = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
