import { credentialOf, savePassword } from "../../store/users.ts";
import type { UserId } from "../../wire/ids.ts";
import type { Bus } from "../bus.ts";
import type { ServerContext } from "../server-context.ts";
import { endSession } from "../sessions/revoked-sessions.ts";
import type { ReplyBody, RequestBody } from "./bodies.ts";
import { Exchange } from "./exchange.ts";
import { opaqueRefusal, refusal, withoutStart } from "./refusal.ts";

/** A connection's user, and how the connection became theirs. */
interface AccountHolder {
  readonly user: UserId;
  /** The id of the session that this connection resumed or began. */
  readonly sessionId: Uint8Array;
  /** Whether the connection logged in with the password, rather than with a token. */
  readonly byPassword: boolean;
}

/** What changing a password needs of a server. */
export interface PasswordChangeParts
  extends Pick<ServerContext, "clock" | "database" | "opaque" | "revoked" | "users"> {
  readonly bus: Pick<Bus, "broadcast">;
}

/**
 * Gives the user of a connection another password, by a new OPAQUE registration. It requires a login with the old password on
 * this connection: with a stolen token nobody must be able to lock its owner out.
 */
export class PasswordChange {
  readonly #server: PasswordChangeParts;
  readonly #holder: AccountHolder;
  readonly #registration = new Exchange<true>();

  constructor(server: PasswordChangeParts, holder: AccountHolder) {
    this.#server = server;
    this.#holder = holder;
  }

  async start({ message }: RequestBody<"passwordStart">): Promise<ReplyBody<"passwordStart">> {
    const { user, byPassword } = this.#holder;
    if (!byPassword) return loginRequired;
    const begun = this.#registration.start();
    const credential = await credentialOf(this.#server.database, user);
    if (credential === undefined) throw new Error(`user ${user} has no credential`);
    const answer = await this.#server.opaque.registrationResponse(credential, message);
    if (!answer.ok) return opaqueRefusal(answer.reason);
    begun(true);
    return { kind: "passwordStarted", message: answer.value };
  }

  async finish(frame: RequestBody<"passwordFinish">): Promise<ReplyBody<"passwordFinish">> {
    if (!this.#holder.byPassword) return loginRequired;
    return (await this.#registration.finish(() => this.#change(frame))) ?? withoutStart("password");
  }

  /** Saves the record and the backup, and ends all other sessions of the user: all or nothing. */
  async #change({ record, backup }: RequestBody<"passwordFinish">): Promise<ReplyBody<"passwordFinish">> {
    const { user, sessionId } = this.#holder;
    const checked = await this.#server.opaque.checkRecord(record);
    if (!checked.ok) return opaqueRefusal(checked.reason);
    for (const session of await savePassword(this.#server.database, user, { record, backup, session: sessionId })) {
      this.#server.bus.broadcast({ kind: "revoked", session });
      endSession(this.#server, session);
    }
    return { kind: "done" };
  }
}

const loginRequired = refusal("login_required", "this connection resumed a session by its token");
