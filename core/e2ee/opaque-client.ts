import type { client } from "@serenity-kit/opaque";
import { accepted, type Result, refused } from "../platform/result.ts";
import { opaqueBytes } from "../wire/opaque-bytes.ts";
import { attemptOn, toBytes } from "./opaque-text.ts";

/** Loaded at the first login with a password: its WebAssembly takes 14 MiB and 60 ms. */
async function library(): Promise<typeof client> {
  const opaque = await import("@serenity-kit/opaque");
  await opaque.ready;
  return opaque.client;
}

/** How much the user's machine computes for one guess at a password. */
export type Stretching = "interactive" | "simulated";

/**
 * Argon2id (RFC 9106). `interactive` is the RFC's second recommendation (64 MiB, three passes). `simulated` is for load
 * generators, whose passwords protect nothing and whose cores would do nothing else.
 */
const stretching = {
  interactive: "memory-constrained",
  simulated: { "argon2id-custom": { iterations: 1, memory: 8, parallelism: 1 } },
} as const;

/** A password's canonical form, however it was typed (the normalisation of RFC 8265's OpaqueString). */
export const canonicalPassword = (password: string) => password.normalize("NFC");

export interface OpaqueClientStep {
  /** For the server. */
  readonly message: Uint8Array;
  /** For the client's next step; secret. */
  readonly state: string;
}

export interface OpaqueOutcome {
  /** For the server. */
  readonly message: Uint8Array;
  /** 64 bytes that only somebody who knows the password can compute: the key of the identity backup. */
  readonly exportKey: Uint8Array;
}

export async function startRegistration(password: string): Promise<OpaqueClientStep> {
  const client = await library();
  const { registrationRequest, clientRegistrationState } = client.startRegistration({
    password: canonicalPassword(password),
  });
  return { message: toBytes(registrationRequest), state: clientRegistrationState };
}

export async function finishRegistration(
  password: string,
  state: string,
  response: Uint8Array,
  effort: Stretching,
): Promise<Result<OpaqueOutcome>> {
  const client = await library();
  return attemptOn(response, opaqueBytes.registrationResponse, (registrationResponse) => {
    const finished = client.finishRegistration({
      password: canonicalPassword(password),
      clientRegistrationState: state,
      registrationResponse,
      keyStretching: stretching[effort],
    });
    return { message: toBytes(finished.registrationRecord), exportKey: toBytes(finished.exportKey) };
  });
}

export async function startLogin(password: string): Promise<OpaqueClientStep> {
  const client = await library();
  const { startLoginRequest, clientLoginState } = client.startLogin({ password: canonicalPassword(password) });
  return { message: toBytes(startLoginRequest), state: clientLoginState };
}

/** Refused when the password is wrong, the user unknown, or the server not the one that the user registered with. */
export async function finishLogin(
  password: string,
  state: string,
  response: Uint8Array,
  effort: Stretching,
): Promise<Result<OpaqueOutcome>> {
  const client = await library();
  const attempted = attemptOn(response, opaqueBytes.ke2, (loginResponse) =>
    client.finishLogin({
      password: canonicalPassword(password),
      clientLoginState: state,
      loginResponse,
      keyStretching: stretching[effort],
    }),
  );
  if (!attempted.ok) return attempted;
  if (!attempted.value) return refused("wrong password or unknown user");
  return accepted({
    message: toBytes(attempted.value.finishLoginRequest),
    exportKey: toBytes(attempted.value.exportKey),
  });
}
