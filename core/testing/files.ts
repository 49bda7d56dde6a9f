import { FileTransfers, type OutgoingFile, type OutgoingFiles } from "../client/files/file-transfers.ts";
import { AttachmentServer } from "../client/files/transfer.ts";
import { dialForVisit } from "../client/socket/dial.ts";
import type { TlsTrust } from "../client/socket/tls-trust.ts";
import { systemClock } from "../platform/clock.ts";
import { seededRandom } from "../platform/random.ts";
import type { Person } from "./person.ts";

/** A person's transfers of files; unfinished ones are kept in memory. */
export function filesOf(
  { client, token }: Person,
  target: string,
  { store = outgoingInMemory(), tls }: { store?: OutgoingFiles; tls?: TlsTrust } = {},
): FileTransfers {
  const server = new AttachmentServer({
    dial: dialForVisit(target, tls),
    tls,
    clock: systemClock,
    random: seededRandom(1),
    token: () => token,
  });
  return new FileTransfers({ client, server, store });
}

export function outgoingInMemory(): OutgoingFiles {
  const begun = new Map<string, OutgoingFile>();
  const keyOf = (attachment: Uint8Array) => Buffer.from(attachment).toString("hex");
  return {
    unsent: () => [...begun.values()],
    begun: (file) => void begun.set(keyOf(file.attachment), file),
    ended: (attachment) => void begun.delete(keyOf(attachment)),
  };
}
