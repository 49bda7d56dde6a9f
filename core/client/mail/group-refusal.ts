import { refused } from "../../platform/result.ts";
import type { RequestRefusal } from "./server-link.ts";

/** Why something about a group or its people could not be done: as a server refuses it, or this client. */
export interface GroupRefusal {
  readonly code:
    | RequestRefusal["code"]
    /** What the server shows of the group cannot be. */
    | "log_refused"
    /** Somebody's identity is not the one that was met before; the user has to decide. */
    | "identity_changed"
    /** What the server shows as an identity is none, or another's. */
    | "identity_invalid"
    | "unknown_suite"
    | "cannot_seal";
  readonly detail: string;
}

export const refusal = (code: GroupRefusal["code"], detail: string) => refused<GroupRefusal>({ code, detail });

/** A refused request, with what it was needed for. */
export const refusalFor = (what: string, { code, detail }: RequestRefusal) => refusal(code, `${what}: ${detail}`);
