import type { Identity } from "../../e2ee/identity.ts";
import type { Parsed } from "../../platform/result.ts";

/** Loaded at its first use: the library for the structure of keys takes 0.1 s. */
const pem = () => import("../../e2ee/identity-pem.ts");

/** An identity as the text of a file, its private keys encrypted with a passphrase. */
export async function identityToText(identity: Identity, passphrase: string): Promise<string> {
  return (await pem()).identityToPem(identity, passphrase);
}

/** The identity in the text of a file; refused with what is wrong with passphrase or text. */
export async function identityFromText(text: string, passphrase: string): Promise<Parsed<Identity>> {
  return (await pem()).identityFromPem(text, passphrase);
}
