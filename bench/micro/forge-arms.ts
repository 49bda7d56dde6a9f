import forge from "node-forge";
import type { WrapContext } from "../../core/e2ee/key-wrap.ts";
import { oaepLabel } from "../../core/e2ee/key-wrap.ts";

/*
 * What `core/e2ee` does with `node:crypto`, done in JavaScript by node-forge: bytes in, bytes out, as there. `Buffer` makes the
 * binary strings, since it is faster than node-forge's own functions; random bytes come from node-forge's generator, which takes
 * most of the time to seal a short Fernet token.
 */
const binary = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1");

type ForgePublicKey = forge.pki.rsa.PublicKey;
type ForgePrivateKey = forge.pki.rsa.PrivateKey;

export const publicKeyOf = (pem: string): ForgePublicKey => forge.pki.publicKeyFromPem(pem);
export const privateKeyOf = (pem: string): ForgePrivateKey => forge.pki.privateKeyFromPem(pem);

/** Gives node-forge its own source of random bytes, since otherwise it lets Node generate the keys. */
export function generateKeyPair(bits: number): Promise<forge.pki.rsa.KeyPair> {
  return new Promise((resolve, reject) => {
    forge.pki.rsa.generateKeyPair({ bits, e: 0x10001, prng: forge.random }, (cause: Error | null, pair) =>
      cause ? reject(cause) : resolve(pair),
    );
  });
}

export function wrapKey(publicKey: ForgePublicKey, key: Uint8Array, context: WrapContext): Uint8Array {
  return bytesOf(publicKey.encrypt(binary(key), "RSA-OAEP", oaep(context)));
}

export function unwrapKey(privateKey: ForgePrivateKey, wrapped: Uint8Array, context: WrapContext): Uint8Array {
  return bytesOf(privateKey.decrypt(binary(wrapped), "RSA-OAEP", oaep(context)));
}

export function sealFernet(key: Uint8Array, message: Uint8Array, nowSeconds: number): Uint8Array {
  const vector = forge.random.getBytesSync(blockBytes);
  const cipher = forge.cipher.createCipher("AES-CBC", binary(key.subarray(16)));
  cipher.start({ iv: vector });
  cipher.update(forge.util.createBuffer(binary(message)));
  cipher.finish();
  const time = forge.util.createBuffer();
  time.putInt32(Math.floor(nowSeconds / 2 ** 32));
  time.putInt32(nowSeconds % 2 ** 32);
  const signed = version + time.getBytes() + vector + cipher.output.getBytes();
  return bytesOf(signed + mac(key, signed));
}

export function openFernet(key: Uint8Array, token: Uint8Array): Uint8Array {
  const text = binary(token);
  const signed = text.slice(0, -macBytes);
  const expected = mac(key, signed);
  let difference = 0;
  for (let i = 0; i < macBytes; i++) difference |= expected.charCodeAt(i) ^ text.charCodeAt(signed.length + i);
  if (difference !== 0) throw new Error("the token was sealed under another key");
  const decipher = forge.cipher.createDecipher("AES-CBC", binary(key.subarray(16)));
  decipher.start({ iv: signed.slice(headBytes - blockBytes, headBytes) });
  decipher.update(forge.util.createBuffer(signed.slice(headBytes)));
  if (!decipher.finish()) throw new Error("the token's padding is wrong");
  return bytesOf(decipher.output.getBytes());
}

/** `privateKey` is the seed and the public key, 64 bytes together. */
export function signEd25519(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  return forge.pki.ed25519.sign({ message, privateKey });
}

export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return forge.pki.ed25519.verify({ message, signature, publicKey });
}

const version = "\x80";
const headBytes = 25;
const macBytes = 32;
const blockBytes = 16;

function mac(key: Uint8Array, signed: string): string {
  const hmac = forge.hmac.create();
  hmac.start("sha256", binary(key.subarray(0, 16)));
  hmac.update(signed);
  return hmac.digest().getBytes();
}

function oaep(context: WrapContext) {
  return { md: forge.md.sha256.create(), mgf1: { md: forge.md.sha256.create() }, label: binary(oaepLabel(context)) };
}
