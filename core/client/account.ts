import type { Identity } from "../e2ee/identity.ts";
import type { OpaqueClientStep, OpaqueOutcome, Stretching } from "../e2ee/opaque-client.ts";
import { type Parsed, refused } from "../platform/parsed.ts";
import type { Authenticate } from "./connection.ts";
import type { RequestRefused } from "./server-link.ts";

/** The client's OPAQUE steps: here, or in the pool (stretching a password takes a fifth of a second). */
export interface OpaqueClient {
  startRegistration(password: string): Promise<OpaqueClientStep>;
  finishRegistration(
    password: string,
    state: string,
    response: Uint8Array,
    effort: Stretching,
  ): Promise<Parsed<OpaqueOutcome>>;
  startLogin(password: string): Promise<OpaqueClientStep>;
  finishLogin(
    password: string,
    state: string,
    response: Uint8Array,
    effort: Stretching,
  ): Promise<Parsed<OpaqueOutcome>>;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
  readonly effort: Stretching;
}

/** What only who knows the password can compute; handed over once the server has accepted. */
export type OnExportKey = (exportKey: Uint8Array) => void;

const wrongPassword = refused<RequestRefused>({ code: "login_failed", detail: "wrong name or password" });

/** Signs a new user up under this identity, whose name is the user's. */
export function signUp(
  opaque: OpaqueClient,
  { name, password, effort }: Credentials,
  identity: Identity,
  onExportKey: OnExportKey = () => {},
): Authenticate {
  return async (link) => {
    const started = await opaque.startRegistration(password);
    const answer = await link.request({ kind: "signUpStart", name, message: started.message });
    if (!answer.ok) return answer;
    const finished = await opaque.finishRegistration(password, started.state, answer.value.message, effort);
    if (!finished.ok)
      return refused({ code: "malformed_frame", detail: `the server's OPAQUE answer: ${finished.reason}` });
    const welcome = await link.request({
      kind: "signUpFinish",
      name,
      record: finished.value.message,
      identity: identity.public.bytes,
    });
    if (welcome.ok) onExportKey(finished.value.exportKey);
    return welcome;
  };
}

/** Logs a user in. A wrong password, an unknown user and a server that is not the user's look the same: `login_failed`. */
export function logIn(
  opaque: OpaqueClient,
  { name, password, effort }: Credentials,
  onExportKey: OnExportKey = () => {},
): Authenticate {
  return async (link) => {
    const started = await opaque.startLogin(password);
    const answer = await link.request({ kind: "logInStart", name, message: started.message });
    if (!answer.ok) return answer;
    const finished = await opaque.finishLogin(password, started.state, answer.value.message, effort);
    if (!finished.ok) return wrongPassword;
    const welcome = await link.request({ kind: "logInFinish", message: finished.value.message });
    if (welcome.ok) onExportKey(finished.value.exportKey);
    return welcome;
  };
}
