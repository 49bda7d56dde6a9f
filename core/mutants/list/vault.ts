import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const vault = "core/client/vault/vault.test.ts";
const crash = promised("security", "leaves keys and messages of one moment");
const once = promised("readme", "nothing is lost or doubled");
const pins = promised(
  "security",
  "Another identity for somebody who is pinned stops messages to them, until the user accepts it by hand",
);

/** What an account keeps at its machine. */
export const vaultMutants: Mutants = {
  "a message that has its outcome gets another": {
    promise: promised("client", "A message has one outcome"),
    file: "core/client/vault/own-message-table.ts",
    from: `WHERE sender = ? AND client_message_id = ? AND state = 'written'
       RETURNING`,
    to: `WHERE sender = ? AND client_message_id = ?
       RETURNING`,
    tests: [vault],
  },
  "a file whose message was written is sent again by the next run": {
    promise: once,
    file: "core/client/vault/outgoing-file-table.ts",
    from: "AS o WHERE NOT EXISTS (",
    to: "AS o WHERE 0 < ? OR EXISTS (",
    tests: [vault],
  },
  "older messages that are fetched take the cursor back": {
    promise: promised("client", "How far messages were taken in, and from where on they are kept, only grows"),
    file: "core/client/vault/vault.ts",
    from: "cursor = max(cursor, ?)",
    to: "cursor = ?",
    tests: [vault],
  },
  "the beginning of what is kept moves on": {
    promise: promised("client", "How far messages were taken in, and from where on they are kept, only grows"),
    file: "core/client/vault/vault.ts",
    from: "oldest = min(oldest, ?)",
    to: "oldest = ?",
    tests: [vault],
  },
  "an account's secrets are on the disk some time later": {
    promise: promised("client", "an account's secrets are on it when they are kept"),
    file: "core/client/vault/vault.ts",
    from: `    this.#database.onDisk(() =>
      this.#database.run("INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", key, value),
    );`,
    to: `    this.#database.run("INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", key, value);`,
    tests: ["core/client/vault/on-disk.test.ts"],
  },
  "a vault of a newer program is opened": {
    promise: promised("client", "A vault that a newer program has written is refused, and stays as it is"),
    file: "core/client/vault/vault-database.ts",
    from: "  if (at <= known) return;",
    to: "  if (at <= known || at > 9) return;",
    tests: [vault],
  },
  "a vault of a newer program stays locked once it was refused": {
    promise: promised("client", "A vault that a newer program has written is refused, and stays as it is"),
    file: "core/client/vault/vault-database.ts",
    from: `      refuseNewer(database);
      database.pragma("locking_mode = EXCLUSIVE");
      database.pragma("journal_mode = WAL");
      database.exec("BEGIN EXCLUSIVE; COMMIT");`,
    to: `      database.prepare("SELECT count(*) FROM sqlite_master").get();
      database.pragma("locking_mode = EXCLUSIVE");
      database.pragma("journal_mode = WAL");
      database.exec("BEGIN EXCLUSIVE; COMMIT");
      refuseNewer(database);`,
    tests: [vault],
  },
  "a vault keeps only the last of somebody's former identities": {
    promise: pins,
    file: "core/client/vault/pin-table.ts",
    from: "encode([...former])",
    to: "encode([...former].slice(0, 1))",
    tests: [vault],
  },
  "a profile is there before its vault": {
    promise: crash,
    file: "core/client/account/new-account.ts",
    from: "  const vault = Vault.create(parts.profiles.vaultFile(name), key, parts.clock);\n",
    to: "  parts.profiles.write(name, profile);\n  const vault = Vault.create(parts.profiles.vaultFile(name), key, parts.clock);\n",
    tests: ["core/client/account/local-account.test.ts"],
  },
};
