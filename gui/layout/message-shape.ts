import { harmlessLine } from "../../core/client/index.ts";
import type { GroupFacts } from "../model/shown.ts";
import { columnsOf } from "../text/width.ts";

/** The columns of the parts of a message. */
export interface MessageShape {
  readonly columns: number;
  /** The conversation is too narrow for time and name beside the text: they have a line of their own. */
  readonly isNarrow: boolean;
  readonly nameColumns: number;
  /** Where its text begins. */
  readonly indent: number;
}

/**
 * Columns at the right of own messages for receipts. They are always kept free, so that a message does not move when
 * somebody reads it.
 */
export const receiptColumns = 6;

const narrowBelow = 44;
const nameColumnsMin = 5;
const nameColumnsMax = 14;
/** A mark, the time, and a space. */
const timeColumns = 7;

export function messageShape(columns: number, facts: GroupFacts | undefined): MessageShape {
  if (columns < narrowBelow) return { columns, isNarrow: true, nameColumns: columns - 8, indent: 2 };
  const most = Math.min(nameColumnsMax, Math.floor(columns / 5));
  const nameColumns = Math.max(nameColumnsMin, Math.min(most, facts ? longestName(facts) : most));
  return { columns, isNarrow: false, nameColumns, indent: timeColumns + nameColumns + 2 };
}

function longestName(facts: GroupFacts): number {
  const known = longestByFacts.get(facts);
  if (known !== undefined) return known;
  const longest = facts.members.reduce((most, { name }) => Math.max(most, columnsOf(harmlessLine(name))), 0);
  longestByFacts.set(facts, longest);
  return longest;
}

const longestByFacts = new WeakMap<GroupFacts, number>();
