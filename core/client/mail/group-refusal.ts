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

export const failed = (code: GroupRefusal["code"], detail: string) => refused<GroupRefusal>({ code, detail });

/** A request that was refused, and for what it was needed. */
export const failedTo = (what: string, { code, detail }: RequestRefusal) => failed(code, `${what}: ${detail}`);
