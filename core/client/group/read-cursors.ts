import type { GroupId, Seq } from "../../wire/ids.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import type { Keeper } from "./keeper.ts";

export interface ReadCursorsParts {
  readonly mailbox: Pick<Mailbox, "read">;
  readonly keeper: Pick<Keeper, "readUpTo" | "readSeq"> | undefined;
}

/** How far the user has read each group: kept here, and sent to the servers if the user sends read receipts. */
export class ReadCursors {
  readonly #parts: ReadCursorsParts;
  /** Whether the user sends read receipts, by which their other machines learn how far they have read, too. */
  receipts = true;

  constructor(parts: ReadCursorsParts) {
    this.#parts = parts;
  }

  /** The user has read everything up to a seq. The receipt goes out now, or when the client is online again. */
  read(group: GroupId, seq: Seq): void {
    const { keeper, mailbox } = this.#parts;
    const isNew = keeper ? keeper.readUpTo(group, seq) : true;
    if (isNew && this.receipts) mailbox.read(group, seq);
  }

  /** The server lists how far the user has read: further at another machine, or less far, if they have read here offline. */
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
