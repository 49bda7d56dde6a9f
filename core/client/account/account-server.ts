import { type AccountSecret, openAccountSecret } from "../../e2ee/account-secret.ts";
import { Failure } from "../../platform/failure.ts";
import { accepted, type Parsed, type Result } from "../../platform/result.ts";
import { type Authenticate, Connection, type Welcome } from "../mail/connection.ts";
import type { RequestRefusal, ServerLink } from "../mail/server-link.ts";
import { dialForVisit } from "../socket/dial.ts";
import type { TlsTrust } from "../socket/tls-trust.ts";
import type { AccountAddress, LocalAccountParts } from "./account-parts.ts";
import { logIn } from "./authenticate.ts";

/** Authenticates over a connection of its own, which is closed then: for what needs the password. */
export async function connectOnce(
  server: string,
  tls: TlsTrust,
  { open, clock, random }: LocalAccountParts,
  authenticate: Authenticate,
): Promise<Result<Welcome, RequestRefusal>> {
  const connection = new Connection(
    { dial: dialForVisit(server, tls), open, clock, random, socket: { tls } },
    { stateChanged() {}, ready() {}, delivered() {}, acknowledged() {}, noticed() {}, blamed() {} },
  );
  try {
    return await connection.logIn(authenticate);
  } finally {
    connection.close();
  }
}

export interface Restored {
  readonly secret: AccountSecret;
  readonly welcome: Welcome;
}

/** Logs a user in whom this machine may not know; returns the identity from its backup at the server, and the session. */
export async function restore(
  at: Omit<AccountAddress, "profile">,
  password: string,
  parts: LocalAccountParts,
): Promise<Restored> {
  const { crypto, effort } = parts;
  let backup: AccountSecret | "unreadable" | undefined;
  const welcome = await connectOnce(
    at.server,
    at.trust,
    parts,
    logIn(crypto, { name: at.user, password, effort }, async (link, exportKey) => {
      const fetched = await backupOf(link, exportKey, at.user);
      if (!fetched.ok) return fetched;
      backup = fetched.value;
      return accepted(undefined);
    }),
  );
  if (!welcome.ok) throw accountFailure(at, welcome.reason);
  if (backup === undefined || backup === "unreadable") {
    throw new Failure(
      backup ? "backup_refused" : "backup_missing",
      backup
        ? `the identity backup that ${at.server} has for ${at.user} does not open: it was changed, or is another's`
        : `${at.server} has no backup of ${at.user}'s identity`,
      "export the identity at a machine that has it, and bring it here with fastchat identity import",
    );
  }
  return { secret: backup, welcome: welcome.value };
}

/** The identity backup at the server: undefined when there is none. */
export async function backupOf(
  link: ServerLink,
  exportKey: Uint8Array,
  user: string,
): Promise<Parsed<AccountSecret | "unreadable" | undefined, RequestRefusal>> {
  const fetched = await link.request({ kind: "fetchBackup" });
  if (!fetched.ok) return fetched;
  if (!fetched.value.backup) return accepted(undefined);
  const opened = openAccountSecret(fetched.value.backup, exportKey, user);
  return accepted(opened.ok ? opened.value : "unreadable");
}

/** The failure when no server can be reached. */
export const unreachable = (why: string) =>
  new Failure("server_unreachable", why, "check the server's address, and whether it runs");

/** The failure that a person reads when a server refuses a sign-up or login. */
export function accountFailure({ server, user }: { server: string; user: string }, reason: RequestRefusal): Failure {
  const { code, detail } = reason;
  switch (code) {
    case "login_failed":
      return new Failure(
        "wrong_password",
        `${server} knows no user ${user} with this password`,
        "check name and password",
      );
    case "name_taken":
      return new Failure(code, `${user} is taken at ${server}`, "choose another name, or log in if it is yours");
    case "offline":
    case "timeout":
      return unreachable(`${server}: ${detail}`);
    default:
      return new Failure(code, `${server}: ${detail}`, "try again later, or ask whoever runs the server");
  }
}
