import { accepted, type Result, refused } from "../../platform/result.ts";
import { copyBytes } from "../../wire/bytes.ts";
import { DeliverCursor, type DeliveredMessage } from "../../wire/deliver-frame.ts";
import type { GroupId, Seq } from "../../wire/ids.ts";
import type { RequestRefusal, SyncRequests } from "./server-link.ts";

/** A range of a group's history that is being read beside its feed. */
interface Reading {
  readonly after: Seq;
  readonly through: Seq;
  readonly messages: Map<Seq, DeliveredMessage>;
}

/** Reads groups' messages from before their feeds began. */
export class HistoryReader {
  readonly #requests: SyncRequests;
  /** One for each group at most. Undefined until the first, since most of many simulated users read none. */
  #readings: Map<GroupId, Reading> | undefined;

  constructor(requests: SyncRequests) {
    this.#requests = requests;
  }

  /** A group's messages behind `after` and up to `through`, in order. One call at a time for a group. */
  async read(
    group: GroupId,
    { after, through }: { readonly after: Seq; readonly through: Seq },
  ): Promise<Result<(readonly [Seq, DeliveredMessage])[], RequestRefusal>> {
    const messages = new Map<Seq, DeliveredMessage>();
    this.#readings ??= new Map();
    this.#readings.set(group, { after, through, messages });
    try {
      let read = after;
      while (read < through) {
        const page = await this.#requests.request({ kind: "sync", group, after: read, through });
        if (!page.ok) return page;
        if (page.value.through <= read) return refused({ code: "busy", detail: "the server does not go on" });
        read = page.value.through;
      }
      return accepted([...messages].sort(([a], [b]) => a - b));
    } finally {
      this.#readings.delete(group);
    }
  }

  /** Takes the messages that are being read out of a DELIVER frame, which was checked before. */
  delivered(group: GroupId, frame: Uint8Array): void {
    const reading = this.#readings?.get(group);
    if (!reading) return;
    const { after, through, messages } = reading;
    cursor.begin(frame);
    while (cursor.next()) {
      const { seq } = cursor;
      if (seq <= after || seq > through || messages.has(seq)) continue;
      const message = cursor.message();
      messages.set(seq, { ...message, payload: copyBytes(message.payload) });
    }
  }
}

/** One for all readers of a thread, which handles one frame at a time. */
const cursor = new DeliverCursor();
