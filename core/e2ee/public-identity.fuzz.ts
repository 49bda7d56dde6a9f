import assert from "node:assert/strict";
import { expensiveMaps } from "../fuzz/cbor-form.ts";
import { accountOf } from "../fuzz/fixture.ts";
import type { FuzzTarget } from "../fuzz/target.ts";
import { equalBytes } from "../wire/bytes.ts";
import { limits } from "../wire/limits.ts";
import { openPublicIdentity } from "./public-identity.ts";

const genuine = [accountOf("alice"), accountOf("bob")].map(({ identity }) => identity.public.bytes);

export const targets: readonly FuzzTarget[] = [
  {
    // An identity that is changed in any way is refused, even where the change makes no difference to its keys and name.
    name: "public-identities",
    bytesMax: limits.identityBytesMax,
    cborFrom: 0,
    seeds: () => genuine,
    run(bytes) {
      const opened = openPublicIdentity(bytes);
      if (opened.ok)
        assert.ok(
          genuine.some((known) => equalBytes(known, bytes)),
          "an identity that nobody has made",
        );
      return opened;
    },
    growth: expensiveMaps("name"),
  },
];
