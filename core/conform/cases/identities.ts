import { generateKeyPair, sign } from "node:crypto";
import { promisify } from "node:util";
import { createIdentity, type Identity } from "../../e2ee/identity.ts";
import { identityPadding, keyPairStatement } from "../../e2ee/public-identity.ts";
import type { CaseContext } from "../case-context.ts";
import * as cbor from "../cbor-bytes.ts";
import { casesOf } from "../conform-case.ts";
import { expectEqual } from "../expectation.ts";
import { freshName, freshPassword, signUpRecord } from "../people.ts";

/** A sign-up with these bytes instead of the identity is refused, and the name stays free. */
async function refusesIdentity(
  context: CaseContext,
  bytesOf: (identity: Identity, parts: IdentityParts) => Uint8Array | Promise<Uint8Array>,
): Promise<void> {
  const name = freshName();
  const socket = await context.open();
  const own = context.identityOf(name);
  const { record } = await signUpRecord(socket, name, freshPassword());
  const identity = await bytesOf(own, partsOf(own));
  await socket.refused({ kind: "signUpFinish", name, record, identity }, "malformed_frame");
  await context.signUp({ name });
}

interface IdentityParts {
  readonly name: string;
  readonly signing: Uint8Array;
  readonly wrapping: Uint8Array;
  readonly bySigning: Uint8Array;
  readonly byWrapping: Uint8Array;
}

/** The fields of an identity, as they lie in it. */
function partsOf({ public: { bytes, name, wrapping } }: Identity): IdentityParts {
  const all = Buffer.from(bytes);
  const after = (field: string, headBytes: number, length: number) => {
    const from = all.indexOf(cbor.textItem(field)) + field.length + 1 + headBytes;
    return all.subarray(from, from + length);
  };
  const parts = {
    name,
    signing: after("signing", 2, 32),
    wrapping: wrapping.export({ type: "spki", format: "der" }),
    bySigning: after("bySigning", 2, 64),
    byWrapping: after("byWrapping", 3, 384),
  };
  if (!all.equals(identityBytes(parts))) throw new Error("the parts of an identity are not its bytes");
  return parts;
}

const identityBytes = ({ name, signing, wrapping, bySigning, byWrapping }: IdentityParts) =>
  cbor.mapItem([
    ["name", cbor.textItem(name)],
    ["signing", cbor.bytesItem(signing)],
    ["wrapping", cbor.bytesItem(wrapping)],
    ["bySigning", cbor.bytesItem(bySigning)],
    ["byWrapping", cbor.bytesItem(byWrapping)],
  ]);

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}

export const identityCases = casesOf("Identities", {
  "findUsers answers names, then ids, in the order asked, with null for nobody": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const nobody = freshName();
    const { users } = await alice.socket.granted({
      kind: "findUsers",
      names: [bob.name, nobody, alice.name],
      ids: [alice.id, bob.id],
    });
    const shown = ({ id, name, identity }: typeof alice) => ({ user: id, name, identity: identity.public.bytes });
    expectEqual("users", users, [shown(bob), null, shown(alice), shown(alice), shown(bob)]);
  },
  "findUsers with neither names nor ids finds nobody": async (context) => {
    const { socket } = await context.signUp();
    expectEqual("users", (await socket.granted({ kind: "findUsers" })).users, []);
  },
  "an identity in another order of keys is refused": (context) =>
    refusesIdentity(context, (_, { name, signing, wrapping, bySigning, byWrapping }) =>
      cbor.mapItem([
        ["signing", cbor.bytesItem(signing)],
        ["name", cbor.textItem(name)],
        ["wrapping", cbor.bytesItem(wrapping)],
        ["bySigning", cbor.bytesItem(bySigning)],
        ["byWrapping", cbor.bytesItem(byWrapping)],
      ]),
    ),
  "an identity of another name is refused": (context) =>
    refusesIdentity(context, () => context.identityOf(freshName()).public.bytes),
  "an identity whose signing key has not signed is refused": (context) =>
    refusesIdentity(context, (_, parts) => identityBytes({ ...parts, bySigning: flipped(parts.bySigning) })),
  "an identity whose wrapping key has not signed is refused": (context) =>
    refusesIdentity(context, (_, parts) => identityBytes({ ...parts, byWrapping: flipped(parts.byWrapping) })),
  "an identity with a signing key of small order is refused": (context) =>
    refusesIdentity(context, (_, { name }) => {
      const signing = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
      // Under the neutral element as key, this signature is good for everything.
      const bySigning = Buffer.concat([signing, Buffer.alloc(32)]);
      const { private: own, public: pair } = context.keys[0];
      const wrapping = pair.wrapping.export({ type: "spki", format: "der" });
      const byWrapping = sign("sha256", keyPairStatement({ signing, wrapping }), {
        key: own.wrapping,
        ...identityPadding,
      });
      return identityBytes({ name, signing, wrapping, bySigning, byWrapping });
    }),
  "an identity with an RSA key of 2,048 bits is refused": (context) =>
    refusesIdentity(context, async ({ public: { name } }) => {
      const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
      const { private: own, public: pair } = context.keys[0];
      const wrapping = publicKey.export({ type: "spki", format: "der" });
      const signing = Buffer.from(pair.signing.export({ format: "jwk" }).x ?? "", "base64url");
      return createIdentity(name, {
        private: { ...own, wrapping: privateKey },
        public: { ...pair, wrapping: publicKey },
        byWrapping: sign("sha256", keyPairStatement({ signing, wrapping }), { key: privateKey, ...identityPadding }),
      }).public.bytes;
    }),
  "an identity with bytes behind it is refused": (context) =>
    refusesIdentity(context, (identity) => Buffer.concat([identity.public.bytes, Buffer.from([0])])),
  "an identity with one more field is refused": (context) =>
    refusesIdentity(context, (identity) => {
      const bytes = Buffer.concat([identity.public.bytes, cbor.textItem("extraFields"), cbor.uint(1)]);
      bytes[0] = 0xa6;
      return bytes;
    }),
  "an identity of more than 2,048 bytes is refused": (context) => refusesIdentity(context, () => Buffer.alloc(2049, 1)),
});
