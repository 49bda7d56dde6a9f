import { openPublicIdentity } from "../../e2ee/public-identity.ts";
import { insertSession } from "../../store/sessions.ts";
import { findCredential, insertUserWithSession } from "../../store/users.ts";
import type { UserId } from "../../wire/ids.ts";
import { canonicalUserName, nameRule } from "../../wire/user-name.ts";
import type { Bus } from "../bus.ts";
import type { ServerContext } from "../server-context.ts";
import { newSessionId, type TokenClaims } from "../sessions/tokens.ts";
import type { ReplyBody, RequestBody } from "./bodies.ts";
import { Exchange } from "./exchange.ts";
import { opaqueRefusal, refusal, withoutStart } from "./refusal.ts";

/** A sign-up between its two requests. */
interface BegunSignUp {
  /** In canonical form. */
  readonly name: string;
  /** The id of the session that the sign-up will begin: the same for each try to finish it. */
  readonly sessionId: Uint8Array;
  readonly atMs: number;
}

/** An OPAQUE login between its two requests. */
interface BegunLogin {
  readonly name: string;
  /** Undefined for a name that nobody has: such a login goes on and fails at its end, as with a wrong password. */
  readonly user: UserId | undefined;
  readonly state: string;
}

/** The reply to a request that makes the connection a user's: `welcome`, or a refusal. */
type WelcomeBody = ReplyBody<"signUpFinish" | "logInFinish" | "resume">;

/** A connection that may become a user's. */
export interface Newcomer {
  /** Makes the connection this user's; answers false when it is a user's already, or has ended. */
  authenticated(claims: TokenClaims, byPassword: boolean): boolean;
}

/** What signing up, logging in and resuming need of a server. */
export interface AuthenticationParts
  extends Pick<ServerContext, "clock" | "counters" | "database" | "gate" | "opaque" | "revoked" | "tokens"> {
  readonly bus: Pick<Bus, "self">;
}

/** How one connection becomes a user's: by signing up, logging in or resuming. */
export class Authentication {
  readonly #server: AuthenticationParts;
  readonly #newcomer: Newcomer;
  readonly #signUp = new Exchange<BegunSignUp>();
  readonly #login = new Exchange<BegunLogin>();

  constructor(server: AuthenticationParts, newcomer: Newcomer) {
    this.#server = server;
    this.#newcomer = newcomer;
  }

  async signUpStart({ name, message }: RequestBody<"signUpStart">): Promise<ReplyBody<"signUpStart">> {
    const begun = this.#signUp.start();
    const canonical = canonicalUserName(name);
    if (!canonical.ok) return refusal("name_invalid", canonical.reason);
    const answer = await this.#server.opaque.registrationResponse(canonical.value, message);
    if (!answer.ok) return opaqueRefusal(answer.reason);
    begun({ name: canonical.value, sessionId: newSessionId(), atMs: this.#server.clock.now() });
    return { kind: "signUpStarted", message: answer.value };
  }

  async signUpFinish(frame: RequestBody<"signUpFinish">): Promise<ReplyBody<"signUpFinish">> {
    const canonical = canonicalUserName(frame.name);
    if (!canonical.ok) return refusal("name_invalid", nameRule);
    const reply = await this.#signUp.finish(async (begun) =>
      begun.name === canonical.value
        ? this.#register(frame, begun)
        : refusal("malformed_frame", `this sign-up was begun as ${begun.name}`),
    );
    return reply ?? withoutStart("signUp");
  }

  async logInStart({ name, message }: RequestBody<"logInStart">): Promise<ReplyBody<"logInStart">> {
    const begun = this.#login.start();
    const canonical = canonicalUserName(name);
    // A name that cannot exist is treated like one that nobody has.
    const known = canonical.ok ? canonical.value : name;
    const waitMs = this.#server.gate.enter(known);
    if (waitMs > 0) return refusal("too_many_attempts", "too many failed logins of this name", waitMs);
    const user = await findCredential(this.#server.database, known);
    const answer = await this.#server.opaque.startLogin(user?.credential ?? known, user?.record ?? null, message);
    if (!answer.ok) {
      if (answer.reason === "busy") this.#server.gate.passed(known);
      return opaqueRefusal(answer.reason);
    }
    begun({ name: known, user: user?.id, state: answer.value.state });
    return { kind: "logInStarted", message: answer.value.message };
  }

  async logInFinish(frame: RequestBody<"logInFinish">): Promise<ReplyBody<"logInFinish">> {
    return (await this.#login.finish((login) => this.#finishLogin(frame, login))) ?? withoutStart("logIn");
  }

  /** This server checks the token by itself, without the database. */
  resume({ token }: RequestBody<"resume">): ReplyBody<"resume"> {
    const checked = this.#server.tokens.check(token, this.#server.clock.now());
    if (!checked.ok) return refusal(checked.reason, "this token resumes nothing");
    if (this.#server.revoked.has(checked.value.id)) return refusal("token_invalid", "this session was ended");
    this.#server.counters.resumes++;
    return this.#welcome(checked.value, token, false);
  }

  async #register(
    { record, identity, backup }: RequestBody<"signUpFinish">,
    { name, sessionId, atMs }: BegunSignUp,
  ): Promise<ReplyBody<"signUpFinish">> {
    const { database, opaque, tokens } = this.#server;
    const opened = openPublicIdentity(identity);
    if (!opened.ok || opened.value.name !== name) {
      return refusal("malformed_frame", opened.ok ? "the identity is of another name" : opened.reason);
    }
    const checked = await opaque.checkRecord(record);
    if (!checked.ok) return opaqueRefusal(checked.reason);
    const newUser = { name, credential: name, record, identity, backup };
    const expiresAt = new Date(tokens.expiry(atMs));
    const user = await insertUserWithSession(database, newUser, { id: sessionId, expiresAt });
    if (user === undefined) return refusal("name_taken", `the name ${name} is taken`);
    const { session, token } = tokens.issue(user, name, atMs, sessionId);
    return this.#loggedIn(session, token);
  }

  async #finishLogin({ message }: RequestBody<"logInFinish">, login: BegunLogin): Promise<ReplyBody<"logInFinish">> {
    const answer = await this.#server.opaque.finishLogin(login.state, message);
    if (!answer.ok && answer.reason === "busy") return opaqueRefusal(answer.reason);
    if (!answer.ok || login.user === undefined) return refusal("login_failed", "wrong name or password");
    const { session, token } = this.#server.tokens.issue(login.user, login.name, this.#server.clock.now());
    const { id, user, expiresAt } = session;
    await insertSession(this.#server.database, { id, user, expiresAt: new Date(expiresAt) });
    // Not before the session is stored: until then the client may try the same finish again.
    this.#server.gate.passed(login.name);
    return this.#loggedIn(session, token);
  }

  #loggedIn(session: TokenClaims, token: Uint8Array): WelcomeBody {
    this.#server.counters.logins++;
    return this.#welcome(session, token, true);
  }

  #welcome(session: TokenClaims, token: Uint8Array, byPassword: boolean): WelcomeBody {
    if (!this.#newcomer.authenticated(session, byPassword)) {
      return refusal("already_authenticated", "this connection has logged in meanwhile");
    }
    return {
      kind: "welcome",
      user: session.user,
      name: session.name,
      server: this.#server.bus.self,
      token,
      tokenExpiresAt: session.expiresAt,
    };
  }
}
