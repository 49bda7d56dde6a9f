import { ready, server } from "@serenity-kit/opaque";
import { type Parsed, refused } from "../platform/parsed.ts";
import { attempt, toBytes, toText } from "./opaque-text.ts";

/**
 * OPAQUE (RFC 9807): a login in which the server never sees the password and a stolen record cannot be tried offline
 * without the server's secret.
 */
export interface OpaqueServer {
  registrationResponse(credential: string, request: Uint8Array): Promise<Parsed<Uint8Array, OpaqueRefusal>>;
  /** `record` is null for an unknown user: the answer looks the same and takes the same time. */
  startLogin(
    credential: string,
    record: Uint8Array | null,
    request: Uint8Array,
  ): Promise<Parsed<OpaqueLoginStarted, OpaqueRefusal>>;
  /** Refused when the password was wrong, or the user unknown. */
  finishLogin(state: string, finish: Uint8Array): Promise<Parsed<undefined, OpaqueRefusal>>;
  /** Steps, of whatever server of this process, that wait for a thread. */
  waiting(): Promise<number>;
}

export interface OpaqueLoginStarted {
  readonly message: Uint8Array;
  /** For `finishLogin`; kept at the server, secret. */
  readonly state: string;
}

/** `busy`: nothing was tried, there is too much to do. `wrong`: the other side's message is not what it must be. */
export type OpaqueRefusal = "busy" | "wrong";

/** A new server secret, as text. Whoever has it and the database can try passwords; it is kept outside the database. */
export async function createOpaqueSecret(): Promise<string> {
  await ready;
  return server.createSetup();
}

export async function opaqueServer(secret: string): Promise<OpaqueServer> {
  await ready;
  return {
    registrationResponse: async (credential, request) =>
      attemptStep(() =>
        toBytes(
          server.createRegistrationResponse({
            serverSetup: secret,
            userIdentifier: credential,
            registrationRequest: toText(request),
          }).registrationResponse,
        ),
      ),
    startLogin: async (credential, record, request) =>
      attemptStep(() => {
        const { loginResponse, serverLoginState } = server.startLogin({
          serverSetup: secret,
          userIdentifier: credential,
          registrationRecord: record && toText(record),
          startLoginRequest: toText(request),
        });
        return { message: toBytes(loginResponse), state: serverLoginState };
      }),
    finishLogin: async (state, finish) =>
      attemptStep(() => {
        server.finishLogin({ serverLoginState: state, finishLoginRequest: toText(finish) });
        return undefined;
      }),
    waiting: async () => 0,
  };
}

function attemptStep<T>(step: () => T): Parsed<T, OpaqueRefusal> {
  const attempted = attempt(step);
  return attempted.ok ? attempted : refused("wrong");
}
