import { Failure, messageOf } from "../../core/platform/failure.ts";
import { sentence } from "../text/sentence.ts";

/** Sentences for the codes of refusals that a person can do something about. */
const known: Readonly<Record<string, string>> = {
  offline: "There is no connection to a server now; try again when there is.",
  timeout: "The server has not answered; try again.",
  busy: "The server has too much to do; try again in a moment.",
  rate_limited: "That was too much at once; try again in a moment.",
  draining: "The server is about to stop; try again in a moment.",
  not_allowed: "Only an admin of the group can do this.",
  not_a_member: "You are no member of this group.",
  group_full: "The group has as many members as a group can have.",
  too_many_groups: "You are in as many groups as one can be; leave one first.",
  conflict: "Others have changed the group at the same time; try again.",
  attachment_unknown: "The file is not at the server any more.",
  attachment_incomplete: "Its sender has not finished uploading the file; try again later.",
  attachment_tampered: "What the server has is not the file that was sent; nothing of it was kept.",
  attachment_too_large: "The file is larger than what the server takes.",
  quota_exceeded: "You have as many files at the server as it keeps for one user.",
  unauthorized: "The session has ended; log in again.",
};

/** A refusal as one sentence. */
export function refusalSentence({ code, detail }: { readonly code: string; readonly detail: string }): string {
  return known[code] ?? sentence(detail === "" ? code : detail);
}

/** A thrown error as one sentence. */
export const failureSentence = (cause: unknown): string =>
  sentence(cause instanceof Failure ? `${cause.message}; ${cause.advice}` : messageOf(cause));
