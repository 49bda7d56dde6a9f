import type { RowKey } from "../client/vault/view.ts";

/** The key of a message in a vault that a test has made up. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this gives the brand
export const rowKey = (key: number) => key as RowKey;
