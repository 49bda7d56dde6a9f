import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { copyBytes, readUint53, writeUint53 } from "../../wire/bytes.ts";
import { readUserId } from "../../wire/id-bytes.ts";
import type { UserId } from "../../wire/ids.ts";

/** What a session token says: which user's session it resumes, and until when. */
export interface TokenClaims {
  readonly id: Uint8Array;
  readonly user: UserId;
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

const sessionIdBytes = 16;

/** A session id that nobody can guess. */
export const newSessionId = (): Uint8Array => randomBytes(sessionIdBytes);

const headBytes = 1 + 8 + 8 + sessionIdBytes;
const macBytes = 32;
const version = 1;

/**
 * Session tokens that any server of a deployment can check by itself: HMAC-SHA256 over their claims, under a key that is
 * derived from the deployment's secret. Resuming reads no table.
 */
export class SessionTokens {
  readonly #key: Uint8Array;
  readonly #lifetimeMs: number;

  constructor(secret: Uint8Array, lifetimeMs: number) {
    this.#key = new Uint8Array(hkdfSync("sha256", secret, "", "fastchat session token v1", 32));
    this.#lifetimeMs = lifetimeMs;
  }

  /** A session that begins at `now`. */
  issue(user: UserId, name: string, now: number, id = newSessionId()): { session: TokenClaims; token: Uint8Array } {
    const session = { id, user, name, expiresAt: this.expiry(now) };
    const nameBytes = Buffer.from(name);
    const said = Buffer.alloc(headBytes + nameBytes.length);
    said[0] = version;
    writeUint53(said, 1, user);
    writeUint53(said, 9, session.expiresAt);
    said.set(session.id, 17);
    said.set(nameBytes, headBytes);
    return { session, token: Buffer.concat([said, this.#mac(said)]) };
  }

  /** When a session expires that begins at `now`. */
  expiry(now: number): number {
    return now + this.#lifetimeMs;
  }

  check(token: Uint8Array, now: number): Result<TokenClaims, "token_invalid" | "token_expired"> {
    if (token.length < headBytes + macBytes || token[0] !== version) return refused("token_invalid");
    const said = token.subarray(0, token.length - macBytes);
    if (!timingSafeEqual(this.#mac(said), token.subarray(said.length))) return refused("token_invalid");
    const expiresAt = readUint53(said, 9);
    if (!(now < expiresAt)) return refused("token_expired");
    const name = Buffer.from(said.subarray(headBytes)).toString();
    return accepted({
      id: copyBytes(said.subarray(17, headBytes)),
      user: readUserId(said, 1),
      name,
      expiresAt,
    });
  }

  #mac(said: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#key).update(said).digest();
  }
}
