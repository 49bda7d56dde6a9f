import { client, ready, server } from "@serenity-kit/opaque";
import { accepted, type Result, refused } from "../platform/result.ts";
import { opaqueBytes } from "../wire/opaque-bytes.ts";
import { attemptOn, toBytes, toText } from "./opaque-text.ts";

/**
 * OPAQUE (RFC 9807): a login in which the server never sees the password and a stolen record cannot be tried offline
 * without the server's secret. A client's message is refused as `wrong` unless it has the RFC's length and its group
 * elements are canonical and not the identity.
 */
export interface OpaqueServer {
  registrationResponse(credential: string, request: Uint8Array): Promise<Result<Uint8Array, OpaqueRefusal>>;
  /**
   * Refused when no login could begin with this record. Whether its envelope opens, and with which password, only a login
   * shows. Costs as much as {@link startLogin}.
   */
  checkRecord(record: Uint8Array): Promise<Result<undefined, OpaqueRefusal>>;
  /** `record` is null for an unknown user: the answer looks the same and takes the same time. */
  startLogin(
    credential: string,
    record: Uint8Array | null,
    request: Uint8Array,
  ): Promise<Result<OpaqueLoginStarted, OpaqueRefusal>>;
  /** Refused when the password was wrong, or the user unknown. */
  finishLogin(state: string, finish: Uint8Array): Promise<Result<undefined, OpaqueRefusal>>;
  /** Steps that wait for a thread, of all servers of this process. */
  waiting(): Promise<number>;
}

export interface OpaqueLoginStarted {
  readonly message: Uint8Array;
  /** For `finishLogin`; kept at the server, secret. */
  readonly state: string;
}

/** `busy`: the queue is full, and nothing was tried. `wrong`: the client's message or password is wrong. */
export type OpaqueRefusal = "busy" | "wrong";

/** A new server secret, as text. It is kept outside the database: with both, somebody can try passwords. */
export async function createOpaqueSecret(): Promise<string> {
  await ready;
  return server.createSetup();
}

/** Whether this text is a server's whole secret: with any other each login would be refused as malformed. */
export async function isOpaqueSecret(secret: string): Promise<boolean> {
  await ready;
  return attemptOn(toBytes(secret), opaqueSecretBytes, (setup) => server.getPublicKey(setup)).ok;
}

/** OPRF seed, the server's private key, and the key for answers to unknown users. */
const opaqueSecretBytes = 64 + 32 + 32;

export async function opaqueServer(secret: string): Promise<OpaqueServer> {
  await ready;
  /** Nobody's login: the library reads a record only when a login begins with it. */
  const { startLoginRequest: probe } = client.startLogin({ password: "" });
  const begin = (credential: string, record: string | null, request: string) =>
    server.startLogin({
      serverSetup: secret,
      userIdentifier: credential,
      registrationRecord: record,
      startLoginRequest: request,
    });
  return {
    registrationResponse: async (credential, request) =>
      attemptStep(request, opaqueBytes.registrationRequest, (registrationRequest) => {
        const asked = { serverSetup: secret, userIdentifier: credential, registrationRequest };
        return toBytes(server.createRegistrationResponse(asked).registrationResponse);
      }),
    checkRecord: async (record) =>
      attemptStep(record, opaqueBytes.registrationRecord, (text) => void begin("", text, probe)),
    startLogin: async (credential, record, request) =>
      attemptStep(request, opaqueBytes.ke1, (text) => {
        const { loginResponse, serverLoginState } = begin(credential, record && toText(record), text);
        return { message: toBytes(loginResponse), state: serverLoginState };
      }),
    finishLogin: async (state, finish) =>
      attemptStep(
        finish,
        opaqueBytes.ke3,
        (text) => void server.finishLogin({ serverLoginState: state, finishLoginRequest: text }),
      ),
    waiting: async () => 0,
  };
}

function attemptStep<T>(message: Uint8Array, length: number, step: (text: string) => T): Result<T, OpaqueRefusal> {
  const attempted = attemptOn(message, length, step);
  return attempted.ok ? accepted(attempted.value) : refused("wrong");
}
