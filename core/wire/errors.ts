import { keysOf } from "../platform/keys-of.ts";

/**
 * Every error that a server may name, and what a client does about it. One with a close code ends the connection with that
 * WebSocket close code (RFC 6455 section 7.4 leaves 4000–4999 to us). Names and close codes are part of the protocol:
 * they never change, and `PROTOCOL.md` lists the same table.
 */
export const errorCodes = {
  malformed_frame: { closeCode: 4000, client: "a defect: report it, reconnect once" },
  unknown_frame: { closeCode: 4001, client: "a defect or an older server: report it, do not send that frame again" },
  unsupported_version: { closeCode: 4002, client: "tell the user to update; do not reconnect" },
  frame_too_large: { closeCode: 4003, client: "a defect: split what was sent" },
  authentication_timeout: { closeCode: 4004, client: "reconnect and log in at once" },
  not_authenticated: { closeCode: 4005, client: "log in first" },
  already_authenticated: { closeCode: undefined, client: "open another connection for another user" },
  login_failed: {
    closeCode: undefined,
    client: "ask for name and password again; the server does not say which of them is wrong",
  },
  too_many_attempts: { closeCode: undefined, client: "wait for retryAfterMs before the next try" },
  name_taken: { closeCode: undefined, client: "choose another name" },
  name_invalid: { closeCode: undefined, client: "choose a name of allowed characters" },
  token_invalid: { closeCode: undefined, client: "forget the token, log in with the password" },
  token_expired: { closeCode: undefined, client: "forget the token, log in with the password" },
  login_required: {
    closeCode: undefined,
    client: "log in with the password on a new connection, then try again there",
  },
  unknown_user: { closeCode: undefined, client: "show which name or id is unknown" },
  not_a_member: {
    closeCode: undefined,
    client: "drop the group from the list; the same answer whether or not it exists",
  },
  not_allowed: { closeCode: undefined, client: "tell the user that only an admin can do this" },
  group_exists: { closeCode: undefined, client: "draw another group id and try again" },
  group_full: { closeCode: undefined, client: "remove members first, or create another group" },
  too_many_groups: { closeCode: undefined, client: "leave a group first" },
  invalid_change: {
    closeCode: undefined,
    client: "a defect, or a role that has changed: read the log again, then decide",
  },
  conflict: {
    closeCode: undefined,
    client: "read the log's new entries, decide again, stage all keys again, try again",
  },
  keys_missing: {
    closeCode: undefined,
    client: "stage a wrapped key for exactly the members of the new epoch, all of them again, then try again",
  },
  stale_epoch: { closeCode: undefined, client: "read the log and the new key, seal again, send again" },
  rekey_needed: {
    closeCode: undefined,
    client:
      "somebody has left and the epoch has no key: rekey, then seal again, send again; on conflict somebody else did",
  },
  payload_too_large: { closeCode: undefined, client: "send it as an attachment" },
  rate_limited: { closeCode: undefined, client: "send nothing until retryAfterMs is over, then this one first" },
  turn_missed: {
    closeCode: 4009,
    client: "reconnect, send all that has no answer in its order; set bit 1 behind what you give up",
  },
  busy: {
    closeCode: undefined,
    client: "send again after retryAfterMs; nothing was stored. Too many staged keys: make a change first",
  },
  draining: { closeCode: 4006, client: "connect to another server at once" },
  server_full: { closeCode: 4008, client: "connect to another server, after a pause if that is full too" },
  internal: { closeCode: undefined, client: "try again later; the server's log has the cause" },
} as const satisfies Record<string, { closeCode: number | undefined; client: string }>;

export type ErrorCode = keyof typeof errorCodes;

export const errorCodeNames = keysOf(errorCodes);

/** The error behind a WebSocket close code, if it is one of ours. */
export function errorOfCloseCode(code: number): ErrorCode | undefined {
  return errorCodeNames.find((name) => errorCodes[name].closeCode === code);
}

/**
 * Every error that answers an HTTP request for an attachment: `code: detail` as plain text, with this status, and what a
 * client does about it. `PROTOCOL.md` lists the same table.
 */
export const httpErrorCodes = {
  bad_request: { status: 400, client: "a defect: report it" },
  chunk_invalid: { status: 400, client: "a defect: report it" },
  unauthorized: { status: 401, client: "resume or log in, then try again with the new token" },
  not_a_member: { status: 403, client: "drop the group from the list" },
  attachment_unknown: { status: 404, client: "tell the user that the file is not there any more" },
  method_not_allowed: { status: 405, client: "a defect: report it" },
  attachment_exists: { status: 409, client: "draw another id and begin again" },
  attachment_incomplete: { status: 409, client: "try again later: its sender has not finished" },
  attachment_too_large: { status: 413, client: "tell the user the largest size" },
  range_invalid: { status: 416, client: "a defect: report it" },
  busy: { status: 429, client: "try again after the time in retry-after (seconds)" },
  internal: { status: 500, client: "try again later; the server's log has the cause" },
  quota_exceeded: { status: 507, client: "tell the user to delete files first" },
} as const satisfies Record<string, { status: number; client: string }>;

export type HttpErrorCode = keyof typeof httpErrorCodes;

export const isHttpErrorCode = (code: string): code is HttpErrorCode => Object.hasOwn(httpErrorCodes, code);
