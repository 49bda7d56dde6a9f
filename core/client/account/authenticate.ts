import type { Identity } from "../../e2ee/identity.ts";
import type { OpaqueClientStep, OpaqueOutcome, Stretching } from "../../e2ee/opaque-client.ts";
import { type Result, refused } from "../../platform/result.ts";
import type { Authenticate } from "../mail/connection.ts";
import type { RequestRefusal, ServerLink } from "../mail/server-link.ts";

/** The client's OPAQUE steps, in the calling thread or in the pool: stretching a password takes a fifth of a second. */
export interface OpaqueClient {
  startRegistration(password: string): Promise<OpaqueClientStep>;
  finishRegistration(
    password: string,
    state: string,
    response: Uint8Array,
    effort: Stretching,
  ): Promise<Result<OpaqueOutcome>>;
  startLogin(password: string): Promise<OpaqueClientStep>;
  finishLogin(
    password: string,
    state: string,
    response: Uint8Array,
    effort: Stretching,
  ): Promise<Result<OpaqueOutcome>>;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
  readonly effort: Stretching;
}

/** Seals the backup that the server keeps, under a key that only somebody who knows the password can compute. */
export type SealBackup = (exportKey: Uint8Array) => Uint8Array;

/** Further requests that belong to a login, on the same connection. */
export type AfterLogIn = (link: ServerLink, exportKey: Uint8Array) => Promise<Result<undefined, RequestRefusal>>;

const wrongPassword = refused<RequestRefusal>({ code: "login_failed", detail: "wrong name or password" });
const noOpaque = (why: string) =>
  refused<RequestRefusal>({ code: "malformed_frame", detail: `the server's OPAQUE answer: ${why}` });

/** Signs a new user up under this identity, whose name is the user's. */
export function signUp(
  opaque: OpaqueClient,
  { name, password, effort }: Credentials,
  identity: Identity,
  sealBackup?: SealBackup,
): Authenticate {
  return async (link) => {
    const started = await opaque.startRegistration(password);
    const answer = await link.request({ kind: "signUpStart", name, message: started.message });
    if (!answer.ok) return answer;
    const finished = await opaque.finishRegistration(password, started.state, answer.value.message, effort);
    if (!finished.ok) return noOpaque(finished.reason);
    return link.request({
      kind: "signUpFinish",
      name,
      record: finished.value.message,
      identity: identity.public.bytes,
      ...(sealBackup ? { backup: sealBackup(finished.value.exportKey) } : {}),
    });
  };
}

/** Logs a user in. A wrong password, an unknown user and a server that is not the user's look the same: `login_failed`. */
export function logIn(
  opaque: OpaqueClient,
  { name, password, effort }: Credentials,
  then: AfterLogIn = async () => ({ ok: true, value: undefined }),
): Authenticate {
  return async (link) => {
    const started = await opaque.startLogin(password);
    const answer = await link.request({ kind: "logInStart", name, message: started.message });
    if (!answer.ok) return answer;
    const finished = await opaque.finishLogin(password, started.state, answer.value.message, effort);
    if (!finished.ok) return wrongPassword;
    const welcome = await link.request({ kind: "logInFinish", message: finished.value.message });
    if (!welcome.ok) return welcome;
    const more = await then(link, finished.value.exportKey);
    return more.ok ? welcome : more;
  };
}

/** Changes the password of a user who has logged in on this connection, and saves a backup that opens with the new one. */
export async function changePassword(
  opaque: OpaqueClient,
  link: ServerLink,
  { password, effort }: Pick<Credentials, "password" | "effort">,
  sealBackup: SealBackup,
): Promise<Result<undefined, RequestRefusal>> {
  const started = await opaque.startRegistration(password);
  const answer = await link.request({ kind: "passwordStart", message: started.message });
  if (!answer.ok) return answer;
  const finished = await opaque.finishRegistration(password, started.state, answer.value.message, effort);
  if (!finished.ok) return noOpaque(finished.reason);
  const { message: record, exportKey } = finished.value;
  const done = await link.request({ kind: "passwordFinish", record, backup: sealBackup(exportKey) });
  return done.ok ? { ok: true, value: undefined } : done;
}
