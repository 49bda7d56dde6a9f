import type { KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createAccountSecret, encodeAccountSecret, sealAccountSecret } from "../e2ee/account-secret.ts";
import { createIdentity, generateIdentityKeys, type Identity } from "../e2ee/identity.ts";
import { wrapKey } from "../e2ee/key-wrap.ts";
import { finishLogin, finishRegistration, startLogin, startRegistration } from "../e2ee/opaque-client.ts";
import { createOpaqueSecret, opaqueServer } from "../e2ee/opaque-server.ts";
import { valueOf } from "../platform/result.ts";
import { SessionTokens } from "../server/sessions/tokens.ts";
import { epoch, groupId, userId } from "../wire/ids.ts";
import { type Fixture, fixedKey, fixedNow, fixtureFile, pemPassphrase } from "./fixture.ts";

/*
 * Makes new keys and handshakes for the targets that need some: `node dist/core/fuzz/write-fixture.js`. Inputs of a corpus
 * that were made with the old ones are worth nothing afterwards, so there should be a reason.
 */

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

async function secretOf(name: string) {
  return createAccountSecret(createIdentity(name, await generateIdentityKeys()));
}

function wrappedFor({ public: { wrapping, fingerprint } }: Identity, at: number): string {
  const context = { group: groupId(7), epoch: epoch(at), recipientFingerprint: fingerprint };
  return base64(wrapKey({ ...context, publicKey: wrapping, key: fixedKey }));
}

/** PEM as other tools write it: with 2,048 rounds of stretching, so that a passphrase is tried in a millisecond. */
function pemOf({ wrappingKey, signingKey, public: { bytes } }: Identity): string {
  const of = (key: KeyObject) =>
    key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: pemPassphrase }).toString();
  const lines = base64(bytes).match(/.{1,64}/g) ?? [];
  const own = ["-----BEGIN FASTCHAT IDENTITY-----", ...lines, "-----END FASTCHAT IDENTITY-----", ""].join("\n");
  return of(wrappingKey) + of(signingKey) + own;
}

async function handshakes(): Promise<Fixture["opaque"]> {
  const secret = await createOpaqueSecret();
  const server = await opaqueServer(secret);
  const password = "correct horse";
  const registration = await startRegistration(password);
  const registered = valueOf(await server.registrationResponse("alice", registration.message));
  const enrolled = valueOf(await finishRegistration(password, registration.state, registered, "simulated"));
  const login = await startLogin(password);
  const answer = valueOf(await server.startLogin("alice", enrolled.message, login.message));
  const finished = valueOf(await finishLogin(password, login.state, answer.message, "simulated"));
  return {
    secret,
    password,
    registrationState: registration.state,
    registrationRequest: base64(registration.message),
    registrationResponse: base64(registered),
    record: base64(enrolled.message),
    loginState: login.state,
    loginRequest: base64(login.message),
    loginResponse: base64(answer.message),
    serverState: answer.state,
    loginFinish: base64(finished.message),
  };
}

const [alice, bob] = [await secretOf("alice"), await secretOf("bob")];
const fixture: Fixture = {
  accounts: { alice: base64(encodeAccountSecret(alice)), bob: base64(encodeAccountSecret(bob)) },
  sealedAccount: base64(sealAccountSecret(alice, fixedKey)),
  wrappedKeys: [wrappedFor(alice.identity, 3), wrappedFor(alice.identity, 4), wrappedFor(bob.identity, 3)],
  pem: pemOf(alice.identity),
  sessionToken: base64(new SessionTokens(fixedKey, 86_400_000).issue(userId(1), "alice", fixedNow).token),
  opaque: await handshakes(),
};
writeFileSync(fixtureFile, `${JSON.stringify(fixture, undefined, 2)}\n`);
