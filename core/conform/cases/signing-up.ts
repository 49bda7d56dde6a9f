import * as opaque from "../../e2ee/opaque-client.ts";
import { opaqueBytes } from "../../wire/opaque-bytes.ts";
import { casesOf } from "../conform-case.ts";
import type { ConformSocket } from "../conform-socket.ts";
import { expectEqual, expectThat, skip } from "../expectation.ts";
import { freshName, freshPassword, logIn, registration, signUpRecord, startLogIn } from "../people.ts";

/** More than a server takes by default, and few enough to be no load. */
const attemptsMax = 24;

/** Element of ristretto255 that stands for the identity, and bytes that encode none (RFC 9496 section 4.3.1). */
const noElements = [Buffer.alloc(32), Buffer.alloc(32, 0xff), Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])];

async function fails(socket: ConformSocket, name: string): Promise<void> {
  const started = await startLogIn(socket, name, "a wrong password");
  expectThat(started === undefined, "KE2 does not open with a wrong password", "it opened");
  await socket.refused({ kind: "logInFinish", message: Buffer.alloc(opaqueBytes.ke3, 7) }, "login_failed");
}

export const signUpCases = casesOf("Signing up and logging in", {
  "a user who signed up can log in, with the same id and export key": async (context) => {
    const { id, name, password, exportKey } = await context.signUp();
    const again = await logIn(await context.open(), name, password);
    expectEqual("user and name", [again.welcome.user, again.welcome.name], [id, name]);
    expectEqual("export key", again.exportKey, exportKey);
  },
  "a wrong password and an unknown user look alike": async (context) => {
    const { name } = await context.signUp();
    await fails(await context.open(), name);
    await fails(await context.open(), freshName());
  },
  "after a failed login the connection takes another": async (context) => {
    const { name, password } = await context.signUp();
    const socket = await context.open();
    await fails(socket, name);
    await logIn(socket, name, password);
  },
  "OPAQUE messages of another length are malformed": async (context) => {
    const socket = await context.open();
    const name = freshName();
    const identity = context.identityOf(name).public.bytes;
    for (const more of [-1, 1]) {
      const bytes = (right: number) => Buffer.alloc(right + more, 1);
      await socket.refused({ kind: "signUpStart", name, message: bytes(32) }, "malformed_frame");
      await socket.refused({ kind: "signUpFinish", name, record: bytes(192), identity }, "malformed_frame");
      await socket.refused({ kind: "logInStart", name, message: bytes(96) }, "malformed_frame");
      await socket.refused({ kind: "logInFinish", message: bytes(64) }, "malformed_frame");
    }
  },
  "a registration request that is no group element is malformed": async (context) => {
    const socket = await context.open();
    for (const message of noElements) {
      await socket.refused({ kind: "signUpStart", name: freshName(), message }, "malformed_frame");
    }
    await socket.staysOpen();
  },
  "a KE1 with what is no group element is malformed": async (context) => {
    const { name } = await context.signUp();
    const { message } = await opaque.startLogin("password");
    for (const element of noElements) {
      for (const at of [0, 64]) {
        const socket = await context.open();
        const wrong = Buffer.from(message);
        wrong.set(element, at);
        await socket.refused({ kind: "logInStart", name, message: wrong }, "malformed_frame");
      }
    }
  },
  "a record without a public key is malformed, and nothing is kept": async (context) => {
    const name = freshName();
    const socket = await context.open();
    const identity = context.identityOf(name).public.bytes;
    for (const element of noElements) {
      const { record } = await signUpRecord(socket, name, freshPassword());
      const wrong = Buffer.from(record);
      wrong.set(element, 0);
      await socket.refused({ kind: "signUpFinish", name, record: wrong, identity }, "malformed_frame");
    }
    const user = await context.signUp({ name });
    expectEqual("name", user.name, name);
  },
  "a finish without a start is malformed": async (context) => {
    const name = freshName();
    const elsewhere = await context.open();
    const { record } = await signUpRecord(elsewhere, name, freshPassword());
    const socket = await context.open();
    const identity = context.identityOf(name).public.bytes;
    await socket.refused({ kind: "signUpFinish", name, record, identity }, "malformed_frame");
    await socket.refused({ kind: "logInFinish", message: Buffer.alloc(64, 1) }, "malformed_frame");
    await elsewhere.granted({ kind: "signUpFinish", name, record, identity });
    await elsewhere.refused({ kind: "passwordFinish", record, backup: Buffer.alloc(30) }, "malformed_frame");
  },
  "a finish belongs to the name of its start": async (context) => {
    const [name, other] = [freshName(), freshName()];
    const socket = await context.open();
    const { record } = await signUpRecord(socket, other, freshPassword());
    const identity = context.identityOf(name).public.bytes;
    await socket.refused({ kind: "signUpFinish", name, record, identity }, "malformed_frame");
  },
  "a start may be finished once, whatever the answer": async (context) => {
    const name = freshName();
    const socket = await context.open();
    const { record } = await signUpRecord(socket, name, freshPassword());
    const identity = context.identityOf(name).public.bytes;
    const finish = { kind: "signUpFinish", name, record, identity } as const;
    await socket.refused({ ...finish, identity: Buffer.from("no identity") }, "malformed_frame");
    await socket.refused(finish, "malformed_frame");
    const user = await context.signUp();
    const login = await context.open();
    const started = await startLogIn(login, user.name, user.password);
    await login.refused({ kind: "logInFinish", message: Buffer.alloc(64, 1) }, "login_failed");
    await login.refused({ kind: "logInFinish", message: started?.ke3 }, "malformed_frame");
  },
  "a later start replaces the one before, also when it is refused": async (context) => {
    const { name, password } = await context.signUp();
    const socket = await context.open();
    const first = await startLogIn(socket, name, password);
    await startLogIn(socket, name, password);
    await socket.refused({ kind: "logInFinish", message: first?.ke3 }, "login_failed");
    const [sign, record] = await (async () => {
      const free = freshName();
      return [free, (await signUpRecord(socket, free, password)).record] as const;
    })();
    await socket.refused({ kind: "signUpStart", name: "no name", message: Buffer.alloc(32) }, "name_invalid");
    const identity = context.identityOf(sign).public.bytes;
    await socket.refused({ kind: "signUpFinish", name: sign, record, identity }, "malformed_frame");
  },
  "a name is given once": async (context) => {
    const name = freshName();
    const [first, second] = [await context.open(), await context.open()];
    const finishes = [];
    for (const socket of [first, second]) {
      const { record } = await signUpRecord(socket, name, freshPassword());
      const identity = context.identityOf(name).public.bytes;
      finishes.push({ socket, finish: { kind: "signUpFinish", name, record, identity } as const });
    }
    const answers = await Promise.all(finishes.map(({ socket, finish }) => socket.ask(finish)));
    const outcomes = answers.map((answer) => (answer.kind === "error" ? answer.code : answer.kind)).sort();
    expectEqual("the two answers", outcomes, ["name_taken", "welcome"]);
  },
  "logins of one name that do not succeed are limited, and the refusal says for how long": async (context) => {
    const socket = await context.open();
    const name = freshName();
    const { message } = await opaque.startLogin("password");
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const answer = await socket.ask({ kind: "logInStart", name, message });
      if (answer.kind !== "error") continue;
      expectEqual("code", answer.code, "too_many_attempts");
      expectThat((answer.retryAfterMs ?? 0) > 0, "retryAfterMs above 0", answer);
      await socket.staysOpen();
      return;
    }
    skip(`the server took ${attemptsMax} logins of one name`);
  },
  "a login that succeeds does not count": async (context) => {
    const { name, password } = await context.signUp();
    const { url } = await context.open();
    for (let i = 0; i < 12; i++) await logIn(await context.open(url), name, password);
  },
});

export const accountSecretCases = casesOf("The account secret", {
  "the backup of the sign-up is fetched as it was": async (context) => {
    const backup = Buffer.from("0123456789abcdefghijklmnopqrstuvwxyz");
    const { socket } = await context.signUp({ backup });
    expectEqual("backup", (await socket.granted({ kind: "fetchBackup" })).backup, backup);
  },
  "the backup of a user who has none is null": async (context) => {
    const { socket } = await context.signUp();
    expectEqual("backup", (await socket.granted({ kind: "fetchBackup" })).backup, null);
  },
  "saveBackup replaces it, also for another connection": async (context) => {
    const user = await context.signUp({ backup: Buffer.alloc(30, 1) });
    const backup = Buffer.alloc(8192, 2);
    await user.socket.granted({ kind: "saveBackup", backup });
    const { backup: fetched } = await (await context.resume(user)).granted({ kind: "fetchBackup" });
    expectEqual("backup", fetched, backup);
  },
  "a backup has 30 to 8,192 bytes": async (context) => {
    const { socket } = await context.signUp();
    await socket.refused({ kind: "saveBackup", backup: Buffer.alloc(29) }, "malformed_frame");
    await socket.refused({ kind: "saveBackup", backup: Buffer.alloc(8193) }, "malformed_frame");
    expectEqual("backup", (await socket.granted({ kind: "fetchBackup" })).backup, null);
  },
  "another password replaces the old one and the backup": async (context) => {
    const { socket, name, password } = await context.signUp({ backup: Buffer.alloc(30, 1) });
    const [newPassword, backup] = [freshPassword(), Buffer.alloc(40, 2)];
    const { record } = await changeOf(socket, newPassword);
    await socket.granted({ kind: "passwordFinish", record, backup });
    expectEqual("backup", (await socket.granted({ kind: "fetchBackup" })).backup, backup);
    const old = await startLogIn(await context.open(), name, password);
    expectThat(old === undefined, "KE2 does not open with the old password", "it opened");
    await logIn(await context.open(), name, newPassword);
  },
  "another password ends all other sessions, and not the connection's own": async (context) => {
    const user = await context.signUp();
    const { socket, name, password, welcome } = user;
    const other = await context.open(socket.url);
    const { welcome: otherWelcome } = await logIn(other, name, password);
    const { record } = await changeOf(socket, freshPassword());
    await socket.granted({ kind: "passwordFinish", record, backup: Buffer.alloc(30) });
    await other.endsWith("token_invalid");
    const late = await context.open(socket.url);
    await late.refused({ kind: "resume", token: otherWelcome.token }, "token_invalid");
    await late.granted({ kind: "resume", token: welcome.token });
    await socket.staysOpen();
  },
  "another password needs a connection that logged in with the old one": async (context) => {
    const user = await context.signUp();
    const resumed = await context.resume(user);
    const { message } = await opaque.startRegistration("password");
    await resumed.refused({ kind: "passwordStart", message }, "login_required");
    const loggedIn = await context.open();
    await logIn(loggedIn, user.name, user.password);
    await loggedIn.granted({ kind: "passwordStart", message });
  },
  "a refused record leaves the old password": async (context) => {
    const { socket, name, password } = await context.signUp();
    const { record } = await changeOf(socket, freshPassword());
    const wrong = Buffer.from(record).fill(0, 0, 32);
    await socket.refused({ kind: "passwordFinish", record: wrong, backup: Buffer.alloc(30) }, "malformed_frame");
    await logIn(await context.open(), name, password);
  },
});

const changeOf = (socket: ConformSocket, password: string) =>
  registration(password, async (message) => (await socket.granted({ kind: "passwordStart", message })).message);
