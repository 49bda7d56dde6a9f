import { refused } from "../../platform/result.ts";
import type { RequestRefusal } from "./server-link.ts";

/** Why something about a group or its people could not be done: the server's refusal, or this client's. */
export interface GroupRefusal {
  readonly code:
    | RequestRefusal["code"]
    /** The log that the server shows of the group contradicts itself, or what it showed before. */
    | "log_refused"
    /** The server shows another identity for somebody than the pinned one; the user has to accept it first. */
    | "identity_changed"
    /** The bytes that the server shows as somebody's identity are no identity, or another user's. */
    | "identity_invalid"
    | "title_invalid"
    | "title_too_long"
    | "unknown_suite"
    | "cannot_seal";
  readonly detail: string;
}

export const refusal = (code: GroupRefusal["code"], detail: string) => refused<GroupRefusal>({ code, detail });

/** The refusal of a request, with what the request was needed for. */
export const refusalFor = (what: string, { code, detail }: RequestRefusal) => refusal(code, `${what}: ${detail}`);
