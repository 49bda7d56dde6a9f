import { casesOf } from "../conform-case.ts";
import { expectEqual, expectThat } from "../expectation.ts";
import { logIn } from "../people.ts";

export const sessionCases = casesOf("Sessions", {
  "resume names the user and repeats the token": async (context) => {
    const { welcome } = await context.signUp();
    const again = await (await context.open()).granted({ kind: "resume", token: welcome.token });
    const facts = ({ user, name, token, tokenExpiresAt }: typeof welcome) => ({ user, name, token, tokenExpiresAt });
    expectEqual("welcome", facts(again), facts(welcome));
  },
  "a token is not empty and expires in the future": async (context) => {
    const { welcome } = await context.signUp();
    expectThat(welcome.token.length > 0, "a token of at least one byte", welcome);
    expectThat(welcome.tokenExpiresAt > context.clock.now(), "tokenExpiresAt in the future", welcome);
  },
  "a token that is none is refused, and the connection takes another": async (context) => {
    const { welcome } = await context.signUp();
    const socket = await context.open();
    const changed = Buffer.from(welcome.token);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    for (const token of [Buffer.alloc(0), Buffer.alloc(256, 7), changed]) {
      await socket.refused({ kind: "resume", token }, "token_invalid");
    }
    await socket.granted({ kind: "resume", token: welcome.token });
  },
  "logOut ends the other connections of the session and leaves its own": async (context) => {
    const user = await context.signUp();
    const resumed = await context.resume(user);
    await resumed.granted({ kind: "logOut" });
    await user.socket.endsWith("token_invalid");
    await resumed.granted({ kind: "groups" });
  },
  "a token cannot resume after logOut": async (context) => {
    const { socket, welcome } = await context.signUp();
    await socket.granted({ kind: "logOut" });
    const late = await context.open(socket.url);
    await late.refused({ kind: "resume", token: welcome.token }, "token_invalid");
  },
  "logOut leaves the user's other sessions": async (context) => {
    const { socket, name, password } = await context.signUp();
    const other = await context.open(socket.url);
    const { welcome } = await logIn(other, name, password);
    await socket.granted({ kind: "logOut" });
    await other.none("error", (frame) => frame.kind === "error");
    await (await context.open()).granted({ kind: "resume", token: welcome.token });
  },
});
