import type { GroupId, Seq } from "../../wire/ids.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import type { Keeper } from "./keeper.ts";

export interface ReadCursorsParts {
  readonly mailbox: Mailbox;
  readonly keeper: Keeper | undefined;
}

/** How far the user has read each group: kept here, and known to the servers if others may know. */
export class ReadCursors {
  readonly #parts: ReadCursorsParts;
  /** Whether others may know. The user's other machines learn it the same way. */
  receipts = true;

  constructor(parts: ReadCursorsParts) {
    this.#parts = parts;
  }

  /** The user has read everything up to a seq. The servers learn it now, or when there is a connection. */
  read(group: GroupId, seq: Seq): void {
    const { keeper, mailbox } = this.#parts;
    const isNew = keeper ? keeper.readUpTo(group, seq) : true;
    if (isNew && this.receipts) mailbox.read(group, seq);
  }

  /** What the servers know, which may have been read at another machine: or less, if it was read here without a connection. */
  listed(group: GroupId, seq: Seq): void {
    const { keeper, mailbox } = this.#parts;
    if (!keeper || keeper.readUpTo(group, seq)) return;
    const own = keeper.readSeq(group);
    if (own > seq && this.receipts) mailbox.read(group, own);
  }

  /** The user has read a group at another machine. */
  moved(group: GroupId, seq: Seq): void {
    this.#parts.keeper?.readUpTo(group, seq);
  }
}
