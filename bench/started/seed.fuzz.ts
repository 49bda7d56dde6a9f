import { accountOf } from "../../core/fuzz/fixture.ts";
import type { FuzzTarget } from "../../core/fuzz/target.ts";
import { accepted } from "../../core/platform/result.ts";
import { parseSeededAccounts } from "./seed.ts";

const { wrappingKey, signingKey } = accountOf("alice").identity;
const pem = (key: typeof wrappingKey) => key.export({ type: "pkcs8", format: "pem" }).toString();
const file = {
  namePrefix: "user",
  password: "simulated",
  users: 10,
  keyPairs: [{ wrapping: pem(wrappingKey), signing: pem(signingKey), byWrapping: "AAAA" }],
};

export const targets: readonly FuzzTarget[] = [
  {
    name: "seeded-accounts",
    heapBytesPerByteMax: 1000,
    bytesMax: 64 * 1024,
    words: [
      '"users":',
      "null",
      "[",
      "{",
      "-1",
      "0",
      '"__proto__":',
      "\\n",
      "-----BEGIN",
      "-----END",
      "PRIVATE KEY",
      "=",
    ],
    seeds: () => [Buffer.from(JSON.stringify(file))],
    run(bytes) {
      const parsed = parseSeededAccounts(Buffer.from(bytes).toString());
      return parsed.ok ? accepted("accounts") : parsed;
    },
    growth: {
      "many pairs, none good": (bytes) =>
        Buffer.from(JSON.stringify({ ...file, keyPairs: Array.from({ length: bytes / 3 }, () => ({})) })),
    },
  },
];
