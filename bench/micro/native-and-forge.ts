import { generateKeyPair, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { promisify } from "node:util";
import { fernetKeyBytes, fernetOpen, fernetSeal } from "../../core/e2ee/fernet.ts";
import { unwrapKey, wrapKey } from "../../core/e2ee/key-wrap.ts";
import { valueOf } from "../../core/platform/result.ts";
import * as forge from "./forge-arms.ts";
import { contextOf, type MicroPeople, proveEqual } from "./people.ts";
import type { MicroArm, MicroSubject } from "./rounds.ts";

export interface NativeAndForgeOptions {
  /** Sizes of the keys that wrap and unwrap. */
  readonly rsaBits: readonly number[];
  /** Sizes of the keys that are generated. */
  readonly generatedBits: readonly number[];
  readonly fernetBytes: readonly number[];
}

export const nativeGroup = "node:crypto and node-forge";

const arms = (native: MicroArm["call"], pure: MicroArm["call"]): MicroArm[] => [
  { name: "node:crypto", call: native },
  { name: "node-forge", call: pure },
];

/** The same operations by OpenSSL and in JavaScript; before they are measured, each opens or accepts what the other made. */
export function nativeAndForge(people: MicroPeople, options: NativeAndForgeOptions): MicroSubject[] {
  return [
    ...options.rsaBits.flatMap((bits) => rsa(people, bits)),
    ...options.generatedBits.map(keyGeneration),
    ...ed25519(people),
    ...options.fernetBytes.flatMap(fernet),
  ];
}

function rsa({ alice }: MicroPeople, bits: number): MicroSubject[] {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const forgePublic = forge.publicKeyOf(publicKey.export({ type: "spki", format: "pem" }).toString());
  const forgePrivate = forge.privateKeyOf(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const key = randomBytes(fernetKeyBytes);
  const context = contextOf(alice);
  const wrap = () => wrapKey({ publicKey, key, ...context });
  const forgeWrap = () => forge.wrapKey(forgePublic, key, context);
  const wrapped = wrap();
  const unwrap = () => unwrapKey({ privateKey, wrapped, ...context });
  const forgeUnwrap = () => forge.unwrapKey(forgePrivate, wrapped, context);
  return [
    {
      group: nativeGroup,
      operation: `wrap, RSA-${bits}`,
      arms: arms(wrap, forgeWrap),
      prove: () => proveEqual("wrap", valueOf(unwrapKey({ privateKey, wrapped: forgeWrap(), ...context })), key),
    },
    {
      group: nativeGroup,
      operation: `unwrap, RSA-${bits}`,
      arms: arms(unwrap, forgeUnwrap),
      prove: () => proveEqual("unwrap", forgeUnwrap(), key),
    },
  ];
}

/** The time to find two primes varies a lot: few calls say little, and the interval shows it. */
function keyGeneration(bits: number): MicroSubject {
  const generate = promisify(generateKeyPair);
  return {
    group: nativeGroup,
    operation: `generate keys, RSA-${bits}`,
    roundsMax: 4,
    arms: [
      { name: "node:crypto", call: () => generate("rsa", { modulusLength: bits }), callsPerRound: 3 },
      { name: "node-forge", call: () => forge.generateKeyPair(bits), callsPerRound: 1 },
    ],
  };
}

function ed25519({ alice }: MicroPeople): MicroSubject[] {
  const message = randomBytes(signedBytes);
  const { d = "", x = "" } = alice.signingKey.export({ format: "jwk" });
  const publicBytes = Buffer.from(x, "base64url");
  const privateBytes = Buffer.concat([Buffer.from(d, "base64url"), publicBytes]);
  const nativeSign = () => sign(null, message, alice.signingKey);
  const forgeSign = () => forge.signEd25519(privateBytes, message);
  const signature = nativeSign();
  const forgeVerify = () => forge.verifyEd25519(publicBytes, message, signature);
  return [
    {
      group: nativeGroup,
      operation: "sign, Ed25519",
      arms: arms(nativeSign, forgeSign),
      prove: () => proveEqual("sign", forgeSign(), signature),
    },
    {
      group: nativeGroup,
      operation: "verify, Ed25519",
      arms: arms(() => verify(null, message, alice.public.signing, signature), forgeVerify),
      prove: () => proveEqual("verify", Buffer.from([Number(forgeVerify())]), Buffer.from([1])),
    },
  ];
}

function fernet(bytes: number): MicroSubject[] {
  const key = randomBytes(fernetKeyBytes);
  const message = randomBytes(bytes);
  const nowSeconds = 1_700_000_000;
  const seal = () => fernetSeal(key, message, { nowSeconds });
  const forgeSeal = () => forge.sealFernet(key, message, nowSeconds);
  const token = seal();
  const forgeOpen = () => forge.openFernet(key, token);
  return [
    {
      group: nativeGroup,
      operation: `Fernet, seal ${sizeText(bytes)}`,
      arms: arms(seal, forgeSeal),
      prove: () => proveEqual("Fernet", valueOf(fernetOpen(key, forgeSeal())), message),
    },
    {
      group: nativeGroup,
      operation: `Fernet, open ${sizeText(bytes)}`,
      arms: arms(() => fernetOpen(key, token), forgeOpen),
      prove: () => proveEqual("Fernet", forgeOpen(), message),
    },
  ];
}

const sizeText = (bytes: number) => (bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`);

/** The length of a short chat message with all that is signed with it. */
const signedBytes = 210;
