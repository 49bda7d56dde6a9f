import { encode } from "cborg";
import { z } from "zod";
import { parseCbor } from "../../wire/cbor.ts";
import { anyBytesField } from "../../wire/fields.ts";
import type { UserId } from "../../wire/ids.ts";
import type { Pin, PinStore } from "../people/trust.ts";
import type { VaultDatabase } from "./vault-database.ts";

/** Former identities, the newest first. */
const formerFields = z.array(anyBytesField);

interface PinRow {
  readonly name: string;
  readonly user: UserId;
  readonly identity: Uint8Array;
  readonly verified: number;
  readonly former: Uint8Array;
  readonly changedUser: UserId | null;
  readonly changedIdentity: Uint8Array | null;
}

/** The pins of a vault. */
export function pinTable(database: VaultDatabase): PinStore {
  const columns = `name, user_id AS "user", identity, verified, former, changed_user AS changedUser, changed_identity AS changedIdentity`;
  return {
    byName: (name) => pinFrom(database.get<PinRow>(`SELECT ${columns} FROM people WHERE name = ?`, name)),
    byUser: (user) => pinFrom(database.get<PinRow>(`SELECT ${columns} FROM people WHERE user_id = ?`, user)),
    all: () => database.all<PinRow>(`SELECT ${columns} FROM people ORDER BY name`).map((row) => pinFrom(row)),
    save: ({ name, user, identity, verified, former, changed }) =>
      database.run(
        `INSERT INTO people (name, user_id, identity, verified, former, changed_user, changed_identity)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET user_id = excluded.user_id, identity = excluded.identity,
           verified = excluded.verified, former = excluded.former, changed_user = excluded.changed_user,
           changed_identity = excluded.changed_identity`,
        name,
        user,
        identity,
        verified ? 1 : 0,
        encode([...former]),
        changed?.user ?? null,
        changed?.identity ?? null,
      ),
  };
}

function pinFrom(row: PinRow): Pin;
function pinFrom(row: PinRow | undefined): Pin | undefined;
function pinFrom(row: PinRow | undefined): Pin | undefined {
  if (!row) return undefined;
  const { name, user, identity, verified, former, changedUser, changedIdentity } = row;
  const changed =
    changedUser !== null && changedIdentity !== null ? { user: changedUser, identity: changedIdentity } : undefined;
  const formerOnes = parseCbor(former, formerFields);
  if (!formerOnes.ok) throw new Error(`the pins in the vault cannot be read: ${formerOnes.reason}`);
  return {
    name,
    user,
    identity,
    verified: verified === 1,
    former: formerOnes.value,
    changed,
  };
}
