import { randomBytes } from "node:crypto";
import type { Identity } from "../e2ee/identity.ts";
import * as opaque from "../e2ee/opaque-client.ts";
import type { ReplyTo } from "../wire/client-frame.ts";
import type { UserId } from "../wire/ids.ts";
import type { ConformSocket } from "./conform-socket.ts";
import { Unmet } from "./expectation.ts";

export type Welcome = ReplyTo<"signUpFinish">;

/** A user who was signed up for one case, with the connection that signed them up. */
export interface ConformUser {
  readonly id: UserId;
  /** In normal form. */
  readonly name: string;
  readonly password: string;
  readonly identity: Identity;
  readonly socket: ConformSocket;
  readonly welcome: Welcome;
  readonly exportKey: Uint8Array;
}

export const freshName = () => `conform-${randomBytes(8).toString("hex")}`;
export const freshPassword = () => randomBytes(12).toString("base64url");

/** The passwords protect nothing: a server cannot see how much they are stretched. */
const effort = "simulated";

/** The record of a registration: its request was granted by `ask`. */
export async function registration(
  password: string,
  ask: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<{ readonly record: Uint8Array; readonly exportKey: Uint8Array }> {
  const started = await opaque.startRegistration(password);
  const response = await ask(started.message);
  const finished = await opaque.finishRegistration(password, started.state, response, effort);
  if (!finished.ok) throw new Unmet("a registration response of OPAQUE", finished.reason);
  return { record: finished.value.message, exportKey: finished.value.exportKey };
}

/** The record of a sign-up under this name. */
export function signUpRecord(socket: ConformSocket, name: string, password: string) {
  return registration(
    password,
    async (message) => (await socket.granted({ kind: "signUpStart", name, message })).message,
  );
}

/** A login up to KE3; undefined when the client cannot open KE2, so that the password is wrong. */
export async function startLogIn(
  socket: ConformSocket,
  name: string,
  password: string,
): Promise<{ readonly ke3: Uint8Array; readonly exportKey: Uint8Array } | undefined> {
  const started = await opaque.startLogin(password);
  const { message } = await socket.granted({ kind: "logInStart", name, message: started.message });
  const finished = await opaque.finishLogin(password, started.state, message, effort);
  return finished.ok ? { ke3: finished.value.message, exportKey: finished.value.exportKey } : undefined;
}

export async function logIn(
  socket: ConformSocket,
  name: string,
  password: string,
): Promise<{ readonly welcome: Welcome; readonly exportKey: Uint8Array }> {
  const started = await startLogIn(socket, name, password);
  if (!started) throw new Unmet(`KE2 opens with the password of ${name}`, "one that does not");
  const welcome = await socket.granted({ kind: "logInFinish", message: started.ke3 });
  return { welcome, exportKey: started.exportKey };
}
