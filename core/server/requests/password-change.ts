import { credentialOf, savePassword } from "../../store/users.ts";
import type { RequestFrame } from "../../wire/client-frame.ts";
import type { ServerContext } from "../server-context.ts";
import { type AccountHolder, endSession } from "./account.ts";
import { Exchange } from "./exchange.ts";
import { opaqueRefusal, type Reply, refusal, withoutStart } from "./reply.ts";

/**
 * Another password for the user of a connection: a registration anew. A stolen token must not be enough to lock its owner
 * out: whoever changes the password has shown the old one on this connection.
 */
export class PasswordChange {
  readonly #server: ServerContext;
  readonly #holder: AccountHolder;
  readonly #registration = new Exchange<true>();

  constructor(server: ServerContext, holder: AccountHolder) {
    this.#server = server;
    this.#holder = holder;
  }

  async start({ request, message }: RequestFrame<"passwordStart">): Promise<Reply<"passwordStart">> {
    const { user, byPassword } = this.#holder;
    if (!byPassword) return loginRequired(request);
    const begun = this.#registration.start();
    const credential = await credentialOf(this.#server.database, user);
    if (credential === undefined) throw new Error(`user ${user} has no credential`);
    const answer = await this.#server.opaque.registrationResponse(credential, message);
    if (!answer.ok) return opaqueRefusal(request, answer.reason);
    begun(true);
    return { kind: "passwordStarted", request, message: answer.value };
  }

  async finish(frame: RequestFrame<"passwordFinish">): Promise<Reply<"passwordFinish">> {
    if (!this.#holder.byPassword) return loginRequired(frame.request);
    return (await this.#registration.finish(() => this.#change(frame))) ?? withoutStart(frame);
  }

  /** The record and the account secret are kept, and all other sessions of the user end: all or nothing. */
  async #change({ request, record, backup }: RequestFrame<"passwordFinish">): Promise<Reply<"passwordFinish">> {
    const { user, sessionId } = this.#holder;
    const checked = await this.#server.opaque.checkRecord(record);
    if (!checked.ok) return opaqueRefusal(request, checked.reason);
    for (const session of await savePassword(this.#server.database, user, { record, backup, session: sessionId })) {
      this.#server.bus.tellAll({ kind: "revoked", session });
      endSession(this.#server, session);
    }
    return { kind: "done", request };
  }
}

const loginRequired = (request: number) =>
  refusal(request, "login_required", "this connection resumed a session by its token");
