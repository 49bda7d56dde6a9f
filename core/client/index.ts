/**
 * The client's door: everything that the terminal client, the command line, the load generator and the benchmarks use of
 * it. Loading this loads no expensive library: the modules that own libsql, OPAQUE's WebAssembly, piscina and node-forge load
 * them at their first use.
 */

export { type Content, encodeContent, type FileContent, wordsOf } from "../e2ee/content.ts";
export { createIdentity, type Identity, type IdentityKeyPairs } from "../e2ee/identity.ts";
export { rsaFernetPayloadBytes } from "../e2ee/rsa-fernet.ts";
export { spacedSafetyNumber } from "../e2ee/safety-number.ts";
export { type AccountAddress, type LocalAccountParts } from "./account/account-parts.ts";
export { logIn, signUp } from "./account/authenticate.ts";
export { identityFromText, identityToText } from "./account/identity-file.ts";
export { type LocalAccount } from "./account/local-account.ts";
export { generateIdentity, logInHere, logInWithIdentity, openAccount, signUpHere } from "./account/new-account.ts";
export { Profiles } from "./account/profile.ts";
export { inlineCrypto, ThisMachine, type ThisMachineOptions } from "./account/this-machine.ts";
export type { Client, ClientEvents } from "./client.ts";
export { createClient } from "./create-client.ts";
export { downloadBytes } from "./files/download.ts";
export { safeFileName } from "./files/file-name.ts";
export type { OutgoingFile } from "./files/file-transfers.ts";
export type { FileSource } from "./files/source.ts";
export { AttachmentServer, type TransferOptions, type TransferRefusal, transfer } from "./files/transfer.ts";
export { digestOf, upload } from "./files/upload.ts";
export type { GroupChange } from "./group/conversation.ts";
export { Connection, type ConnectionParts, type Welcome } from "./mail/connection.ts";
export { Mailbox } from "./mail/mailbox.ts";
export type { SendOutcome } from "./mail/outgoing-message.ts";
export { patienceUnderLoad } from "./mail/pulse.ts";
export type { RequestRefusal } from "./mail/server-link.ts";
export { IdentityCache } from "./people/identity-cache.ts";
export { safetyNumberQr } from "./people/safety-qr.ts";
export type { Pin } from "./people/trust.ts";
export { aboutDeployment } from "./socket/about-deployment.ts";
export { deploymentUrl } from "./socket/deployment-url.ts";
export { dialAssigned, dialForVisit } from "./socket/dial.ts";
export { httpAsk } from "./socket/http.ts";
export { openLeanSocket } from "./socket/lean-socket.ts";
export { type TlsTrust, trustDeployment } from "./socket/tls-trust.ts";
export { clustersOf } from "./text/clusters.ts";
export { groupsMeant } from "./text/group-lookup.ts";
export { briefLine, harmless, harmlessLine, jsonLine, plainLine } from "./text/harmless.ts";
export { mentions, mentionsIn } from "./text/mentions.ts";
export { textRefusal, titleRefusal } from "./text/text-limits.ts";
export type { RowKey, ShownGroup, ShownMessage, VaultChange } from "./vault/view.ts";
