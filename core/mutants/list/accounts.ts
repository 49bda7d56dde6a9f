import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const guessing = promised("security", "Guessing at a server is slowed down for each name");
const forged = promised(
  "security",
  "No forged or ended session can be resumed, and a stolen token cannot change a password",
);
const steps = "core/server/requests/authentication.test.ts";
const outage = "core/server/requests/account-outage.test.ts";
const tokens = "core/server/sessions/tokens.test.ts";

/** Accounts at the server: who gets in, and for how long. */
export const accountMutants: Mutants = {
  "a wrong login gives its try back": {
    promise: guessing,
    file: "core/server/requests/authentication.ts",
    from: `    if (!answer.ok || login.user === undefined) return refusal("login_failed"`,
    to: `    this.#server.gate.passed(login.name);
    if (!answer.ok || login.user === undefined) return refusal("login_failed"`,
    tests: [steps],
  },
  "a login that succeeds costs a try": {
    promise: promised("protocol", "logins of one name at one server that were begun and did not succeed"),
    file: "core/server/requests/authentication.ts",
    from: "    this.#server.gate.passed(login.name);\n",
    to: "",
    tests: [steps],
  },
  "names that cannot exist are not slowed down": {
    promise: guessing,
    file: "core/server/requests/authentication.ts",
    from: "const waitMs = this.#server.gate.enter(known);",
    to: "const waitMs = canonical.ok ? this.#server.gate.enter(known) : 0;",
    tests: [steps],
  },
  "a name that nobody has is answered at once": {
    promise: promised("security", "a login does not show which names exist"),
    file: "core/server/requests/authentication.ts",
    from: "    const answer = await this.#server.opaque.startLogin(",
    to: `    if (!user) return refusal("login_failed", "wrong name or password");
    const answer = await this.#server.opaque.startLogin(`,
    tests: [steps],
  },
  "a login succeeds with whatever proof": {
    promise: promised(
      "security",
      "an unknown user and a wrong password get answers of the same form, and both fail at the end",
    ),
    file: "core/server/requests/authentication.ts",
    from: "if (!answer.ok || login.user === undefined) return refusal(",
    to: "if (login.user === undefined) return refusal(",
    tests: [steps],
  },
  "a login gives its try back before its session is stored": {
    promise: promised("protocol", "Each `logInStart` counts against its name"),
    file: "core/server/requests/authentication.ts",
    from: "    await insertSession(this.#server.database, { id, user, expiresAt: new Date(expiresAt) });",
    to: `    this.#server.gate.passed(login.name);
    await insertSession(this.#server.database, { id, user, expiresAt: new Date(expiresAt) });`,
    tests: [outage],
  },
  "a session that was ended resumes": {
    promise: forged,
    file: "core/server/requests/authentication.ts",
    from: "if (this.#server.revoked.has(checked.value.id)) return",
    to: "if (this.#server.revoked.has(token)) return",
    tests: ["core/server/sessions/session-login.test.ts"],
  },
  "a sign-up is finished under another name than it was begun": {
    promise: promised("security", "An identity is bound to one name, and its two keys to each other"),
    file: "core/server/requests/authentication.ts",
    from: "begun.name === canonical.value",
    to: "begun.name !== undefined",
    tests: ["core/server/requests/registration.test.ts"],
  },
  "an identity of another name is taken at a sign-up": {
    promise: promised("security", "An identity is bound to one name, and its two keys to each other"),
    file: "core/server/requests/authentication.ts",
    from: "if (!opened.ok || opened.value.name !== name) {",
    to: "if (!opened.ok) {",
    tests: ["core/server/requests/registration.test.ts"],
  },
  "any record is taken at a sign-up": {
    promise: promised(
      "protocol",
      "an OPAQUE message or an identity that cannot be read, for instance, is answered `malformed_frame`",
    ),
    file: "core/server/requests/authentication.ts",
    from: `    const checked = await opaque.checkRecord(record);
    if (!checked.ok) return opaqueRefusal(checked.reason);
`,
    to: "",
    tests: ["core/server/requests/registration.test.ts"],
  },
  "any record is taken for a new password": {
    promise: promised(
      "protocol",
      "an OPAQUE message or an identity that cannot be read, for instance, is answered `malformed_frame`",
    ),
    file: "core/server/requests/password-change.ts",
    from: `    const checked = await this.#server.opaque.checkRecord(record);
    if (!checked.ok) return opaqueRefusal(checked.reason);
`,
    to: "",
    tests: ["core/server/requests/registration.test.ts"],
  },
  "a token alone begins a new password": {
    promise: forged,
    file: "core/server/requests/password-change.ts",
    from: "if (!byPassword) return loginRequired;",
    to: "",
    tests: ["core/server/requests/accounts.test.ts"],
  },
  "a new password ends sessions at this server alone": {
    promise: promised("protocol", "`revoked`: the token of this session can resume it no more"),
    file: "core/server/requests/password-change.ts",
    from: `      this.#server.bus.broadcast({ kind: "revoked", session });\n`,
    to: "",
    tests: ["core/server/requests/password-change.test.ts"],
  },
  "a session that ends keeps its connections": {
    promise: forged,
    file: "core/server/sessions/revoked-sessions.ts",
    from: "if (session !== kept && session.isOfSession(id))",
    to: "if (session !== kept && kept && session.isOfSession(id))",
    tests: ["core/server/requests/accounts.test.ts"],
  },
  "sessions that others ended are read from the beginning of this server on": {
    promise: forged,
    file: "core/server/sessions/revoked-sessions.ts",
    from: "#knownUntil = new Date(0);",
    to: "#knownUntil = new Date();",
    tests: ["core/server/sessions/revoked-sessions.test.ts"],
  },
  "a revocation that was committed late is missed": {
    promise: forged,
    file: "core/server/sessions/revoked-sessions.ts",
    from: "asked.getTime() - overlapMs",
    to: "asked.getTime() + 1",
    tests: ["core/server/sessions/revoked-sessions.test.ts"],
  },
  "a token is accepted after it has expired": {
    promise: promised("security", "No forged or ended session can be resumed"),
    file: "core/server/sessions/tokens.ts",
    from: "if (!(now < expiresAt))",
    to: "if (now < 0)",
    tests: [tokens],
  },
  "a token is accepted whatever its proof": {
    promise: forged,
    file: "core/server/sessions/tokens.ts",
    from: "if (!timingSafeEqual(this.#mac(said), token.subarray(said.length)))",
    to: "if (token.length < said.length)",
    tests: [tokens],
  },
  "a token's proof leaves out the name": {
    promise: forged,
    file: "core/server/sessions/tokens.ts",
    from: `createHmac("sha256", this.#key).update(said)`,
    to: `createHmac("sha256", this.#key).update(said.subarray(0, headBytes))`,
    tests: [tokens],
  },
  "a budget never grows back": {
    promise: promised("protocol", "and in how long there will be as many as at first"),
    file: "core/server/sessions/budget.ts",
    from: "    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#filledAtMs) * this.#perSecond) / 1000);\n    this.#filledAtMs",
    to: "    this.#filledAtMs",
    tests: ["core/server/sessions/budget.test.ts"],
  },
  "a budget grows without bound": {
    promise: promised("protocol", "how many messages may come at that moment"),
    file: "core/server/sessions/budget.ts",
    from: "    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#filledAtMs) * this.#perSecond) / 1000);\n    this.#filledAtMs",
    to: "    this.#tokens += ((nowMs - this.#filledAtMs) * this.#perSecond) / 1000;\n    this.#filledAtMs",
    tests: ["core/server/sessions/budget.test.ts"],
  },
  "a budget that is forgotten is full again": {
    promise: guessing,
    file: "core/server/sessions/budget.ts",
    from: "if (budget.isFull(nowMs)) this.#budgets.delete(key);",
    to: "if (budget) this.#budgets.delete(key);",
    tests: ["core/server/sessions/budget.test.ts"],
  },
  "a login under a name that nobody has cannot be finished": {
    promise: promised("protocol", "An unknown name and a wrong password look alike"),
    file: "core/server/requests/authentication.ts",
    from: "begun({ name: known, user: user?.id, state: answer.value.state });",
    to: "if (user) begun({ name: known, user: user.id, state: answer.value.state });",
    tests: [steps],
  },
};
