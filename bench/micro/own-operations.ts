import { randomBytes } from "node:crypto";
import { createAccountSecret, openAccountSecret, sealAccountSecret } from "../../core/e2ee/account-secret.ts";
import { createFileKey, openChunk, sealChunk } from "../../core/e2ee/attachment.ts";
import { startLogin, startRegistration } from "../../core/e2ee/opaque-client.ts";
import { openPublicIdentity } from "../../core/e2ee/public-identity.ts";
import { RsaFernet } from "../../core/e2ee/rsa-fernet.ts";
import { inlineRsa } from "../../core/e2ee/rsa-inline.ts";
import { safetyNumber } from "../../core/e2ee/safety-number.ts";
import type { Envelope } from "../../core/e2ee/suite.ts";
import { valueOf } from "../../core/platform/result.ts";
import { chunkPlainBytes } from "../../core/wire/attachment.ts";
import { clientMessageId, userId } from "../../core/wire/ids.ts";
import { messageTypes } from "../../core/wire/send-frame.ts";
import { firstEpoch, group, type MicroPeople } from "./people.ts";
import type { MicroArm, MicroSubject } from "./rounds.ts";

export const ownGroup = "FastChat's operations";

const bodyBytes = 128;

/** A client's operations in the calling thread. Each that may be refused runs once before, so that no failure is measured. */
export async function ownOperations({ alice, bob }: MicroPeople): Promise<MicroSubject[]> {
  const suite = new RsaFernet(inlineRsa, () => 1_700_000_000);
  const members = [{ user: userId(1), identity: alice.public }];
  const { state } = await suite.beginEpoch(alice, undefined, { group, epoch: firstEpoch, members, readBack: [] });
  const envelope: Envelope = {
    type: messageTypes.application,
    group,
    epoch: firstEpoch,
    sender: userId(1),
    clientMessageId: clientMessageId(77n),
    logHead: randomBytes(32),
  };
  const body = randomBytes(bodyBytes);
  const seal = () => suite.seal(alice, state, envelope, body);
  const { payload } = valueOf(await seal());

  const shape = { size: 10 * chunkPlainBytes, chunks: 10 };
  const fileKey = createFileKey();
  const chunk = randomBytes(chunkPlainBytes);
  const sealedChunk = sealChunk(fileKey, shape, 3, chunk);

  const secret = createAccountSecret(alice);
  const exportKey = randomBytes(64);
  const sealedSecret = sealAccountSecret(secret, exportKey);

  const open = () => suite.open(state, envelope, payload, alice.public);
  const openSecret = () => openAccountSecret(sealedSecret, exportKey, "alice");
  const openSealedChunk = () => openChunk(fileKey, shape, 3, sealedChunk);
  const checkIdentity = () => openPublicIdentity(bob.public.bytes);
  const operation = (name: string, call: MicroArm["call"], prove?: MicroSubject["prove"]): MicroSubject => ({
    group: ownGroup,
    operation: name,
    arms: [{ name: "inline", call }],
    ...(prove && { prove }),
  });
  return [
    operation(`seal a message of ${bodyBytes} B`, seal),
    operation(`open a message of ${bodyBytes} B`, open, async () => valueOf(await open())),
    operation("seal a chunk of 64 KiB", () => sealChunk(fileKey, shape, 3, chunk)),
    operation("open a chunk of 64 KiB", openSealedChunk, () => valueOf(openSealedChunk())),
    operation("check a public identity", checkIdentity, () => valueOf(checkIdentity())),
    operation("a safety number", () => safetyNumber(alice.public, bob.public)),
    operation("seal an account secret", () => sealAccountSecret(secret, exportKey)),
    operation("open an account secret", openSecret, () => valueOf(openSecret())),
    operation("OPAQUE client, startRegistration", () => startRegistration(password)),
    operation("OPAQUE client, startLogin", () => startLogin(password)),
  ];
}

const password = "correct horse battery staple";
