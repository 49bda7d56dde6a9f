import { revokeSession } from "../../store/sessions.ts";
import { readBackup, saveBackup } from "../../store/users.ts";
import { endSession } from "../sessions/revoked-sessions.ts";
import type { Handlers } from "./handlers.ts";

/** Requests by which a connection becomes a user's, and those about the user's own account. */
export const accountRequests: Handlers<
  | "signUpStart"
  | "signUpFinish"
  | "logInStart"
  | "logInFinish"
  | "resume"
  | "logOut"
  | "fetchBackup"
  | "saveBackup"
  | "passwordStart"
  | "passwordFinish"
  | "ping"
> = {
  signUpStart: ({ authentication }, asked) => authentication.signUpStart(asked),
  signUpFinish: ({ authentication }, asked) => authentication.signUpFinish(asked),
  logInStart: ({ authentication }, asked) => authentication.logInStart(asked),
  logInFinish: ({ authentication }, asked) => authentication.logInFinish(asked),
  resume: { atOnce: ({ authentication }, asked) => authentication.resume(asked) },

  async logOut(asker) {
    const { server, sessionId } = asker;
    await revokeSession(server.database, sessionId);
    endSession(server, sessionId, asker);
    server.bus.broadcast({ kind: "revoked", session: sessionId });
    return { kind: "done" };
  },

  async fetchBackup({ server, loggedInUser }) {
    return { kind: "backup", backup: await readBackup(server.database, loggedInUser) };
  },

  async saveBackup({ server, loggedInUser }, { backup }) {
    await saveBackup(server.database, loggedInUser, backup);
    return { kind: "done" };
  },

  passwordStart: ({ passwordChange }, asked) => passwordChange.start(asked),
  passwordFinish: ({ passwordChange }, asked) => passwordChange.finish(asked),

  ping: { atOnce: () => ({ kind: "pong" }) },
};
