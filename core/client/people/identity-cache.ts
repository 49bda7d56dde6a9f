import { openPublicIdentity, type PublicIdentity } from "../../e2ee/public-identity.ts";
import type { Parsed, Result } from "../../platform/result.ts";

/**
 * Checked public identities by their bytes. To check one costs two verifications of signatures, so the simulated users of a
 * process share a cache.
 */
export class IdentityCache {
  readonly #opened = new Map<string, Result<PublicIdentity>>();

  open(bytes: Uint8Array): Parsed<PublicIdentity> {
    const key = Buffer.from(bytes).toString("latin1");
    let opened = this.#opened.get(key);
    if (!opened) {
      opened = openPublicIdentity(bytes);
      this.#opened.set(key, opened);
    }
    return opened;
  }
}
